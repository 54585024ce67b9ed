package gguf_test

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// everything is metadata with a value of every type.
var everything = map[string]any{
	"general.architecture": "test", "a.u8": uint8(200), "a.i8": int8(-3), "a.u16": uint16(60000), "a.i16": int16(-3), "a.u32": uint32(1 << 31), "a.i32": int32(-3),
	"a.f32": float32(1.5), "a.true": true, "a.false": false, "a.u64": uint64(1 << 63), "a.i64": int64(math.MinInt64), "a.f64": 0.1, "a.empty": []string{}, "a.text": "",
	"b.texts": []string{"", "한글", "\x00\xff"}, "b.floats": []float32{1, 2}, "b.bools": []bool{true, false}, "b.bytes": []uint8{1, 2, 3}, "b.ids": []int32{-1, 5},
	"b.doubles": []float64{0.1}, "b.longs": []uint64{1}, "b.shorts": []int16{-1},
}

func values(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.Sin(float64(i*i))) * 0.1
	}
	return x
}

// full returns a small tensor of every type.
func full() (list []gguf.Tensor) {
	for _, name := range strings.Split(gguf.TypeNames(), ", ") {
		kind, _ := gguf.ParseType(name)
		row, _ := kind.Block()
		list = append(list, gguf.Tensor{Name: name, Type: kind, Shape: []int{3, row}, Values: func() ([]float32, error) { return values(3 * row), nil }})
	}
	return append(list, gguf.Tensor{Name: "scalar", Shape: []int{}, Values: func() ([]float32, error) { return []float32{7}, nil }})
}

// TestRoundTrip: keys of every type and tensors of every type survive, and the bytes do not depend on the order of the map.
func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	path, again := filepath.Join(dir, "a.gguf"), filepath.Join(dir, "b.gguf")
	check(t, gguf.Write(path, everything, full()))
	check(t, gguf.Write(again, everything, full()))
	a, err := os.ReadFile(path)
	check(t, err)
	b, err := os.ReadFile(again)
	check(t, err)
	if string(a) != string(b) {
		t.Error("two files of the same content differ")
	}
	f, err := gguf.Open(path)
	check(t, err)
	defer f.Close()
	if got := f.Metadata(); !reflect.DeepEqual(got, everything) {
		t.Errorf("got keys %v, want %v", got, everything)
	}
	for _, want := range full() {
		info, ok := f.Info(want.Name)
		if !ok || info.Type != want.Type || !reflect.DeepEqual(info.Shape, want.Shape) {
			t.Fatalf("%s: got %+v, want %v %v", want.Name, info, want.Type, want.Shape)
		}
		x, err := want.Values()
		check(t, err)
		y, err := f.Values(want.Name)
		check(t, err)
		for i := range x {
			if limit := map[bool]float64{true: 0, false: 0.02}[want.Type == gguf.F32]; math.Abs(float64(x[i]-y[i])) > limit {
				t.Fatalf("%s: value %d is %v, was %v", want.Name, i, y[i], x[i])
			}
		}
	}
}

// TestRefusesToWrite: the error names the key or the tensor, and no file is left.
func TestRefusesToWrite(t *testing.T) {
	some := func(n int, x ...float32) func() ([]float32, error) {
		return func() ([]float32, error) { return append(x, make([]float32, n-len(x))...), nil }
	}
	path := filepath.Join(t.TempDir(), "x.gguf")
	for want, c := range map[string]struct {
		keys    map[string]any
		tensors []gguf.Tensor
	}{
		`key "a": the value is int, want`:                    {keys: map[string]any{"a": 1}},
		`key "a": the value is []interface {}`:               {keys: map[string]any{"a": []any{1}}},
		"general.alignment is 7":                             {keys: map[string]any{"general.alignment": uint32(7)}},
		`key ""`:                                             {keys: map[string]any{"": "x"}},
		"the name has 64 bytes, want text of 1 to 63":        {tensors: []gguf.Tensor{{Name: strings.Repeat("x", 64), Shape: []int{1}, Values: some(1)}}},
		`tensor "x": the name is given twice`:                {tensors: []gguf.Tensor{{Name: "x", Shape: []int{1}, Values: some(1)}, {Name: "x", Shape: []int{1}, Values: some(1)}}},
		`tensor "x": no values`:                              {tensors: []gguf.Tensor{{Name: "x", Shape: []int{1}}}},
		`tensor "x": 3 values, shape [2 2] has 4`:            {tensors: []gguf.Tensor{{Name: "x", Shape: []int{2, 2}, Values: some(3)}}},
		`tensor "x": rows of 31 elements are not a multiple`: {tensors: []gguf.Tensor{{Name: "x", Type: gguf.Q8_0, Shape: []int{31}, Values: some(31)}}},
		`tensor "x": value 1 is NaN, which Q4_0 cannot hold`: {tensors: []gguf.Tensor{{Name: "x", Type: gguf.Q4_0, Shape: []int{32}, Values: some(32, 0, float32(math.NaN()))}}},
		`tensor "x": 5 axes, the limit is 4`:                 {tensors: []gguf.Tensor{{Name: "x", Shape: []int{1, 1, 1, 1, 1}, Values: some(1)}}},
	} {
		err := gguf.Write(path, c.keys, c.tensors)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Fatalf("%s: a file is left", want)
		}
	}
}

// TestTypeFor: vectors and tables of positions stay whole, heads get 6 bits, and rows that do not fit a block get a wider type.
func TestTypeFor(t *testing.T) {
	for _, c := range []struct {
		t     gguf.Type
		name  string
		shape []int
		tied  bool
		want  gguf.Type
	}{
		{gguf.Q8_0, "blk.0.attn_q.weight", []int{64, 64}, false, gguf.Q8_0}, {gguf.Q8_0, "blk.0.attn_q.bias", []int{64}, false, gguf.F32},
		{gguf.Q8_0, "output_norm.weight", []int{64}, false, gguf.F32}, {gguf.Q4_0, "position_embd.weight", []int{64, 64}, false, gguf.F32},
		{gguf.F16, "enc.blk.0.attn_rel_b.weight", []int{32, 8}, false, gguf.F32}, {gguf.Q4_0, "output.weight", []int{64, 256}, false, gguf.Q6_K},
		{gguf.Q4_0, "token_embd.weight", []int{64, 256}, true, gguf.Q6_K}, {gguf.Q4_0, "token_embd.weight", []int{64, 256}, false, gguf.Q4_0},
		{gguf.Q4_K, "output.weight", []int{64, 96}, false, gguf.Q8_0}, {gguf.Q4_K, "blk.0.ffn_up.weight", []int{64, 96}, false, gguf.Q5_0},
		{gguf.Q5_K, "blk.0.ffn_up.weight", []int{64, 33}, false, gguf.F16}, {gguf.F32, "output.weight", []int{64, 256}, false, gguf.F32},
		{gguf.BF16, "output.weight", []int{64, 255}, true, gguf.BF16}, {gguf.Q8_0, "output.weight", []int{64, 256}, false, gguf.Q8_0},
	} {
		if got := gguf.TypeFor(c.t, c.name, c.shape, c.tied); got != c.want {
			t.Errorf("%v %s %v tied %t: got %v, want %v", c.t, c.name, c.shape, c.tied, got, c.want)
		}
	}
}
