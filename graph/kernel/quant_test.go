package kernel_test

import (
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// quants lists the formats with the SHA-1, cut to 16 digits, of the bytes that libggml's ggml_quantize_chunk makes of quantValues, and of the
// values that its dequantize_row functions make of these bytes. The library is that of node-llama-cpp 3.21.1.
var quants = []struct {
	format        kernel.Quant
	bytes, values string
}{
	{kernel.F16, "0a52dc9755355c5d", "92db3e57c4c526b5"},
	{kernel.BF16, "77dfb2e98c160003", "6f385e8513415caf"},
	{kernel.Q8_0, "a6149b83d7900dc1", "18b7ca350e9d839f"},
	{kernel.Q4_0, "da8e9ea69b53c6ec", "b11cbee1b4f5cfde"},
	{kernel.Q4_1, "0fd88347f3f5177d", "3a2e021aa302456b"},
	{kernel.Q5_0, "1a43d3e9e8418e8c", "004cc7695057a249"},
	{kernel.Q5_1, "facf99e2ecaacc3e", "e3907774d1d0622d"},
	{kernel.Q4_K, "e9159b762aabc860", "7014fabcaa54c7dd"},
	{kernel.Q5_K, "41d87b9ecabfe88c", "88794bfd387bdb9e"},
	{kernel.Q6_K, "6037e70652c2b8e9", "9e4b603da04b4ae2"},
}

// quantValues returns 16,384 values near a normal distribution, in rows of growing size. Some blocks are special: zeros, a constant, one
// sign, few large values, and values too small for a scale.
func quantValues() []float32 {
	x, s := make([]float32, 16384), uint32(1)
	for i := range x {
		var t float64
		for range 4 {
			s = s*1664525 + 1013904223
			t += float64(s>>8)/(1<<24) - 0.5
		}
		x[i] = float32(t * 0.05 * float64(1+i/512%7))
	}
	for i := range 256 {
		x[512+i], x[1024+i] = 0, 0.25
		x[1536+i], x[2048+i] = float32(math.Abs(float64(x[1536+i]))), -float32(math.Abs(float64(x[2048+i])))
		if i%16 != 0 {
			x[2560+i] = float32(float64(x[2560+i]) * 1e-7)
		}
		x[3072+i] = float32(float64(x[3072+i]) * 1e-18)
		if i < 128 {
			x[3584+i] = float32(float64(x[3584+i]) * 1e-10)
		}
	}
	return x
}

func digest(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:8])
}

func bytesOf(x []float32) (b []byte) {
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// TestQuantBytes: every format has the bytes and the values of libggml.
func TestQuantBytes(t *testing.T) {
	x := quantValues()
	if got := digest(bytesOf(x)); got != "02901592ed6c4aac" {
		t.Fatalf("the values have digest %s, want those of the table", got)
	}
	for _, q := range quants {
		packed := make([]byte, q.format.Bytes(len(x)))
		q.format.Quantize(packed, x)
		if got := digest(packed); got != q.bytes {
			t.Errorf("%v: got bytes %s, want %s", q.format, got, q.bytes)
		}
		y := make([]float32, len(x))
		q.format.Dequantize(y, packed)
		if got := digest(bytesOf(y)); got != q.values {
			t.Errorf("%v: got values %s, want %s", q.format, got, q.values)
		}
	}
}

// TestHalves: every bit pattern of the 16-bit formats survives a round trip through float32, and has the same bits in float32 without the
// assembly.
func TestHalves(t *testing.T) {
	for _, q := range []kernel.Quant{kernel.F16, kernel.BF16} {
		src, x := make([]byte, 2<<16), make([]float32, 1<<16)
		for i := range x {
			binary.LittleEndian.PutUint16(src[2*i:], uint16(i))
		}
		q.Dequantize(x, src)
		plain, again := make([]float32, len(x)), make([]byte, len(src))
		plainly(func() { q.Dequantize(plain, src) })
		q.Quantize(again, x)
		for i, v := range x {
			if math.Float32bits(v) != math.Float32bits(plain[i]) {
				t.Fatalf("%v: %04x became %x in assembly, %x in Go", q, i, math.Float32bits(v), math.Float32bits(plain[i]))
			}
			if got := binary.LittleEndian.Uint16(again[2*i:]); got != uint16(i) && v == v {
				t.Fatalf("%v: %04x became %v and then %04x", q, i, v, got)
			} else if v != v && x[got] == x[got] {
				t.Fatalf("%v: %04x is NaN and became %04x, which is not", q, i, got)
			}
		}
	}
}

// TestHalvesRound: a float32 becomes the nearer of its two neighbours, and the even one of a tie.
func TestHalvesRound(t *testing.T) {
	one := func(q kernel.Quant, x float32) uint16 {
		var b [2]byte
		q.Quantize(b[:], []float32{x})
		return binary.LittleEndian.Uint16(b[:])
	}
	for _, c := range []struct {
		q    kernel.Quant
		x    float32
		want uint16
	}{
		{kernel.F16, 65504, 0x7bff}, {kernel.F16, 65519.996, 0x7bff}, {kernel.F16, 65520, 0x7c00}, {kernel.F16, 1e9, 0x7c00},
		{kernel.F16, 1 + 0x1p-11, 0x3c00}, {kernel.F16, 1 + 3*0x1p-11, 0x3c02}, {kernel.F16, 0x1p-25, 0}, {kernel.F16, 0x1.8p-25, 1},
		{kernel.F16, 0x1.ffbp-15, 0x03ff}, {kernel.F16, 0x1.ffcp-15, 0x0400}, {kernel.F16, -0x1p-24, 0x8001},
		{kernel.BF16, 1 + 0x1p-8, 0x3f80}, {kernel.BF16, 1 + 3*0x1p-8, 0x3f82}, {kernel.BF16, math.MaxFloat32, 0x7f80},
	} {
		if got := one(c.q, c.x); got != c.want {
			t.Errorf("%v: %g became %04x, want %04x", c.q, c.x, got, c.want)
		}
	}
}

func BenchmarkQuantize(b *testing.B) {
	x := quantValues()
	for _, q := range quants {
		b.Run(q.format.String(), func(b *testing.B) {
			packed := make([]byte, q.format.Bytes(len(x)))
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				q.format.Quantize(packed, x)
			}
		})
	}
}

func BenchmarkDequantize(b *testing.B) {
	x := quantValues()
	for _, q := range quants {
		b.Run(q.format.String(), func(b *testing.B) {
			packed := make([]byte, q.format.Bytes(len(x)))
			q.format.Quantize(packed, x)
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				q.format.Dequantize(x, packed)
			}
		})
	}
}
