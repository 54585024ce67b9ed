package checkpoints_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// floatOf returns the value of a small binary float by the definition of IEEE 754: sign, exponent, mantissa.
func floatOf(bits, exponentBits, mantissaBits int) float64 {
	sign := 1 - 2*float64(bits>>(exponentBits+mantissaBits)&1)
	exponent := bits >> mantissaBits & (1<<exponentBits - 1)
	fraction := float64(bits&(1<<mantissaBits-1)) / float64(int(1)<<mantissaBits)
	bias := 1<<(exponentBits-1) - 1
	switch {
	case exponent == 1<<exponentBits-1 && fraction != 0:
		return math.NaN()
	case exponent == 1<<exponentBits-1:
		return sign * math.Inf(1)
	case exponent == 0:
		return sign * fraction * math.Pow(2, float64(1-bias))
	}
	return sign * (1 + fraction) * math.Pow(2, float64(exponent-bias))
}

// readAll reads every bit pattern of a type, as float32 and as float64.
func readAll(t *testing.T, dtype string, size, count int) (narrow []float32, wide []float64) {
	t.Helper()
	var data []byte
	for i := range count {
		if size == 1 {
			data = append(data, byte(i))
		} else {
			data = binary.LittleEndian.AppendUint16(data, uint16(i))
		}
	}
	path := store(t, file(fmt.Sprintf(`{"x":{"dtype":%q,"shape":[%d],"data_offsets":[0,%d]}}`, dtype, count, len(data)), data...))
	f, err := checkpoints.Open(path)
	check(t, err)
	defer f.Close()
	x, err := f.Tensor("x")
	check(t, err)
	y := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(count))
	check(t, f.ReadInto("x", y))
	return x.Float32s(), y.Float64s()
}

// TestWidening: all bit patterns of the short types decode exactly, because each value is a float32.
func TestWidening(t *testing.T) {
	for _, c := range []struct {
		dtype                        string
		size, exponentBits, mantissa int
	}{
		{"F16", 2, 5, 10}, {"BF16", 2, 8, 7}, {"F8_E5M2", 1, 5, 2},
	} {
		narrow, wide := readAll(t, c.dtype, c.size, 1<<(8*c.size))
		for bits, got := range narrow {
			want := floatOf(bits, c.exponentBits, c.mantissa)
			if math.IsNaN(want) {
				if got == got || wide[bits] == wide[bits] {
					t.Fatalf("%s %#x: got %v and %v, want NaN", c.dtype, bits, got, wide[bits])
				}
				continue
			}
			if float64(got) != want || wide[bits] != want || math.Signbit(float64(got)) != math.Signbit(want) {
				t.Fatalf("%s %#x: got %v and %v, want %v", c.dtype, bits, got, wide[bits], want)
			}
		}
	}
}

// TestE4M3 compares with the values in table 1 of arXiv 2209.05433, and with their negatives.
func TestE4M3(t *testing.T) {
	got, _ := readAll(t, "F8_E4M3", 1, 256)
	for bits, want := range map[int]float32{
		0x00: 0, 0x01: 0x1p-9, 0x07: 0.875 * 0x1p-6, 0x08: 0x1p-6, 0x38: 1, 0x39: 1.125, 0x40: 2, 0x78: 256, 0x7e: 448,
	} {
		if got[bits] != want || got[bits|0x80] != -want {
			t.Errorf("%#x: got %v and %v, want ±%v", bits, got[bits], got[bits|0x80], want)
		}
	}
	if got[0x7f] == got[0x7f] || got[0xff] == got[0xff] {
		t.Errorf("0x7f and 0xff: got %v and %v, want NaN", got[0x7f], got[0xff])
	}
	for bits := 1; bits < 0x7f; bits++ {
		if got[bits] <= got[bits-1] {
			t.Errorf("%#x: got %v, want more than %v", bits, got[bits], got[bits-1])
		}
	}
}

// TestE8M0 decodes all bit patterns: positive powers of two, and NaN.
func TestE8M0(t *testing.T) {
	got, wide := readAll(t, "F8_E8M0", 1, 256)
	for bits, v := range got[:255] {
		if want := math.Pow(2, float64(bits-127)); float64(v) != want || wide[bits] != want {
			t.Errorf("%#x: got %v and %v, want %v", bits, v, wide[bits], want)
		}
	}
	if got[255] == got[255] || wide[255] == wide[255] {
		t.Errorf("0xff: got %v and %v, want NaN", got[255], wide[255])
	}
}

// TestComplex: complex numbers keep their type and convert to no other.
func TestComplex(t *testing.T) {
	data := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5))
	data = binary.LittleEndian.AppendUint32(data, math.Float32bits(-2))
	f, err := checkpoints.Open(store(t, file(`{"x":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}`, data...)))
	check(t, err)
	defer f.Close()
	x, err := f.Tensor("x")
	check(t, err)
	if got := x.Data().([]complex64); got[0] != complex(1.5, -2) {
		t.Errorf("got %v, want 1.5-2i", got)
	}
	wantError(t, f.ReadInto("x", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(1))), `"x"`, "C64", "float32")
}

func TestBadBool(t *testing.T) {
	_, err := checkpoints.Read(store(t, file(`{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}`, 0, 1, 2)))
	wantError(t, err, `"x"`, "element 2", "byte 2")
}
