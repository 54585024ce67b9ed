package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// The test vectors come from kat_vectors of Random123, for philox4x32 with 10 rounds.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		key, stream, block uint64
		want               [4]uint32
	}{
		{0, 0, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := (kernel.Seed{Key: c.key, Stream: c.stream}).Philox(c.block); got != c.want {
			t.Errorf("key %x: got %x, want %x", c.key, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	s := kernel.Seed{Key: 5, Stream: 6}
	for i := range uint64(12) {
		if got, want := s.Uint32(i), s.Philox(i / 4)[i%4]; got != want {
			t.Errorf("word %d: got %x, want %x", i, got, want)
		}
		word := func(k uint64) uint64 { return uint64(s.Uint32(k)) }
		want := float64((word(2*i+1)<<32|word(2*i))>>11) / (1 << 53)
		if got := s.Uniform(i); got != want {
			t.Errorf("uniform %d: got %v, want %v", i, got, want)
		}
	}
}

func testUniform[T kernel.Float](t *testing.T) {
	s := kernel.Seed{Key: kernel.Key(1, "a"), Stream: 2}
	for _, n := range lengths {
		x := make([]T, n)
		kernel.Uniform(x, s, -2, 3)
		for i, v := range x {
			if want := T(-2 + 5*s.Uniform(uint64(i))); v != want || v < -2 || v >= 3 {
				t.Fatalf("element %d of %d: got %v, want %v in [-2, 3)", i, n, v, want)
			}
		}
	}
}

func TestUniform(t *testing.T) { bothTypes(t, testUniform[float32], testUniform[float64]) }

// All numbers between 1 and the next float32 round to one of the two. The upper number is outside the range.
func TestUniformStaysBelow(t *testing.T) {
	hi := math.Nextafter32(1, 2)
	x := make([]float32, 100)
	kernel.Uniform(x, kernel.Seed{}, 1, float64(hi))
	for i, v := range x {
		if v != 1 {
			t.Fatalf("element %d: got %v, want 1", i, v)
		}
	}
}

// moments returns the mean, the variance and the fourth central moment of x.
func moments[T kernel.Float](x []T) (mean, variance, fourth float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += float64(v) / n
	}
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d / n
		fourth += d * d * d * d / n
	}
	return mean, variance, fourth
}

func testNormal[T kernel.Float](t *testing.T) {
	s := kernel.Seed{Key: kernel.Key(3, "w")}
	x := make([]T, 1<<18)
	kernel.Normal(x, s, 0, 1)
	mean, variance, fourth := moments(x)
	// Five standard errors: 1/√n, √(2/n) and √(96/n) for n = 2¹⁸.
	near(t, "moments", []float64{mean, variance, fourth}, []float64{0, 1, 3}, 0.025)
	if math.Abs(mean) > 5/512.0 || math.Abs(variance-1) > 5*math.Sqrt2/512 {
		t.Errorf("got mean %g and variance %g, want 0 and 1", mean, variance)
	}
	for _, n := range []int{1, 2, 3, 1023, 1025, 5000} {
		y := make([]T, n)
		kernel.Normal(y, s, 0, 1)
		same(t, fmt.Sprint("first ", n), y, x[:n])
	}
	y := make([]T, 100)
	kernel.Normal(y, s, 5, 0)
	for _, v := range y {
		if v != 5 {
			t.Fatalf("without deviation: got %v, want 5", v)
		}
	}
}

func TestNormal(t *testing.T) { bothTypes(t, testNormal[float32], testNormal[float64]) }

func TestUniformMoments(t *testing.T) {
	x := make([]float32, 1<<18)
	kernel.Uniform(x, kernel.Seed{Key: 9}, 0, 1)
	mean, variance, _ := moments(x)
	// Five standard errors: 0.29/512 of the mean and 0.075/512 of the variance.
	if math.Abs(mean-0.5) > 0.003 || math.Abs(variance-1.0/12) > 0.0008 {
		t.Errorf("got mean %g and variance %g, want 0.5 and %g", mean, variance, 1.0/12)
	}
}

func TestKey(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(20) {
		for _, path := range []string{"", "a", "b", "ab", "ba", "h.0.attn", "h.1.attn", "h.10.attn"} {
			name, key := fmt.Sprint(seed, " ", path), kernel.Key(seed, path)
			if other, ok := seen[key]; ok {
				t.Errorf("%q and %q have the same key %x", name, other, key)
			}
			seen[key] = name
		}
	}
}

func testDropout[T kernel.Float](t *testing.T) {
	s := kernel.Seed{Key: 1, Stream: 2}
	for _, n := range lengths {
		x, y := randoms[T](n, 1), make([]T, n)
		for _, p := range []float64{0, 0.1, 0.5, 1} {
			kernel.Dropout(y, x, p, s)
			for i := range y {
				want := T(0)
				if float64(s.Uint32(uint64(i))) >= math.Round(p*(1<<32)) {
					want = x[i] * T(1/(1-p))
				}
				if y[i] != want {
					t.Fatalf("p %g, element %d of %d: got %v, want %v", p, i, n, y[i], want)
				}
			}
		}
		kernel.Dropout(y, x, 0.3, s)
		kernel.Dropout(x, x, 0.3, s)
		same(t, "in place", x, y)
	}
}

func TestDropout(t *testing.T) { bothTypes(t, testDropout[float32], testDropout[float64]) }

func TestDropoutRate(t *testing.T) {
	const n = 1 << 18
	x := make([]float32, n)
	kernel.Fill(x, 1)
	kernel.Dropout(x, x, 0.2, kernel.Seed{Key: 7})
	zeros := 0
	for _, v := range x {
		if v == 0 {
			zeros++
		}
	}
	// Five standard errors, √(0.2·0.8·n) = 205 each.
	if math.Abs(float64(zeros)-0.2*n) > 1025 {
		t.Errorf("got %d zeros of %d, want about %d", zeros, n, n/5)
	}
	mustPanic(t, "kernel: dropout: probability 1.5 is outside [0, 1]", func() { kernel.Dropout(x, x, 1.5, kernel.Seed{}) })
}

func BenchmarkNormal(b *testing.B) {
	x := make([]float32, 1<<18)
	b.ReportAllocs()
	for b.Loop() {
		kernel.Normal(x, kernel.Seed{}, 0, 1)
	}
	b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
}

func BenchmarkDropout(b *testing.B) {
	x := randoms[float32](1<<18, 1)
	y := make([]float32, len(x))
	b.ReportAllocs()
	for b.Loop() {
		kernel.Dropout(y, x, 0.1, kernel.Seed{})
	}
	b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
}
