package checkpoints_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestSpecification reads bytes assembled by hand from the public description of the format.
func TestSpecification(t *testing.T) {
	path := store(t, file(`{"__metadata__":{"format":"pt"},"b":{"dtype":"I16","shape":[2],"data_offsets":[4,8]},`+
		`"a":{"data_offsets":[0,4],"shape":[],"dtype":"F32"},"none":{"dtype":"U8","shape":[0,3],"data_offsets":[8,8]}}   `,
		0, 0, 0x80, 0x3f, 1, 0, 0xff, 0xff))
	f, err := checkpoints.Open(path)
	check(t, err)
	defer f.Close()
	wantSame(t, "names in the order of the data", f.Names(), []string{"a", "b", "none"})
	wantSame(t, "metadata", f.Metadata(), map[string]string{"format": "pt"})
	info, ok := f.Info("b")
	wantSame(t, "info", []any{info.Dtype, info.Shape, info.Bytes, ok}, []any{checkpoints.I16, []int{2}, int64(4), true})
	a, err := f.Tensor("a")
	check(t, err)
	wantSame(t, "scalar", a.Data(), float32(1))
	b, err := f.Tensor("b")
	check(t, err)
	wantSame(t, "b", b.Data(), []int16{1, -1})
	none, err := f.Tensor("none")
	check(t, err)
	wantSame(t, "empty", none.Shape(), tensor.Shape{0, 3})
	_, err = f.Tensor("c")
	wantError(t, err, "x.safetensors", `tensor "c"`, "3 tensors")
}

// TestAllTypes writes every type that can be written and reads back the same bits.
func TestAllTypes(t *testing.T) {
	list := []named{
		{"f64", dense([]float64{math.Pi, math.Inf(-1), math.Copysign(0, -1)}, 3)},
		{"u64", dense([]uint64{math.MaxUint64, 0}, 2)},
		{"i64", dense([]int64{math.MinInt64, 7}, 2, 1)},
		{"c64", dense([]complex64{complex(1.5, -2), 0}, 2)},
		{"f32", dense([]float32{1.5, math.SmallestNonzeroFloat32, -0}, 1, 3)},
		{"u32", dense([]uint32{math.MaxUint32}, 1)},
		{"i32", dense([]int32{math.MinInt32, 1, 2, 3}, 2, 2)},
		{"scalar", tensor.New(tensor.FromScalar(float32(3)))},
		{"u16", dense([]uint16{65535}, 1)},
		{"i16", dense([]int16{-32768}, 1)},
		{"u8", dense([]uint8{255, 1, 2}, 3)},
		{"i8", dense([]int8{-128}, 1)},
		{"bool", dense([]bool{true, false, true}, 3)},
		{"empty", dense([]uint8{}, 0, 4)},
	}
	path := filepath.Join(t.TempDir(), "all.safetensors")
	check(t, checkpoints.Write(path, pairs(list...), nil))
	got := load(t, path)
	wantSame(t, "count", len(got), len(list))
	for _, p := range list {
		wantSame(t, p.name+" type", got[p.name].Dtype(), p.t.Dtype())
		wantSame(t, p.name+" shape", got[p.name].Shape(), p.t.Shape())
		if p.t.Shape().TotalSize() > 0 {
			wantSame(t, p.name, got[p.name].Data(), p.t.Data())
		}
	}
}

// TestLayout compares the bytes of a file: order, alignment, padding, metadata first, no needless escapes.
func TestLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layout.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"byte", dense([]uint8{9}, 1)},
		named{"z<&>", dense([]int32{2}, 1)},
		named{"a", dense([]int32{3}, 1)},
		named{"wide", dense([]int64{1}, 1)},
	), map[string]string{"format": "pt", "by": "test"}))
	got, err := os.ReadFile(path)
	check(t, err)
	want := file(`{"__metadata__":{"by":"test","format":"pt"},`+
		`"wide":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},`+
		`"z<&>":{"dtype":"I32","shape":[1],"data_offsets":[8,12]},`+
		`"a":{"dtype":"I32","shape":[1],"data_offsets":[12,16]},`+
		`"byte":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}}   `,
		1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9)
	if !bytes.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	wantSame(t, "header length modulo 8", got[0]%8, byte(0))
}

func TestEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.safetensors")
	check(t, checkpoints.Write(path, pairs(), nil))
	wantSame(t, "tensors", len(load(t, path)), 0)
}

// TestViews: the elements of a view or a transpose are written in logical order.
func TestViews(t *testing.T) {
	base := dense([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	column, err := base.Slice(nil, tensor.S(1))
	check(t, err)
	row, err := base.Slice(tensor.S(1))
	check(t, err)
	turned := base.Clone().(*tensor.Dense)
	check(t, turned.T())
	path := filepath.Join(t.TempDir(), "views.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"column", column.(*tensor.Dense)}, named{"row", row.(*tensor.Dense)}, named{"turned", turned}), nil))
	got := load(t, path)
	wantSame(t, "column", got["column"].Data(), []float32{2, 5})
	wantSame(t, "row", got["row"].Data(), []float32{4, 5, 6})
	wantSame(t, "turned", got["turned"].Data(), []float32{1, 4, 2, 5, 3, 6})
	wantSame(t, "turned shape", got["turned"].Shape(), tensor.Shape{3, 2})
}

func TestWriteErrors(t *testing.T) {
	masked := dense([]float32{1, 2}, 2)
	masked.SetMask([]bool{true, false})
	one := filled(1, 1)
	for _, c := range []struct {
		tensors checkpoints.Tensors
		want    []string
	}{
		{pairs(named{"a", one}, named{"a", one}), []string{`"a"`, "twice"}},
		{pairs(named{"__metadata__", one}), []string{"reserved"}},
		{pairs(named{"a\xff", one}), []string{"UTF-8"}},
		{pairs(named{"a", nil}), []string{`"a"`, "tensor is nil"}},
		{pairs(named{"a", masked}), []string{`"a"`, "masked"}},
		{pairs(named{"a", dense([]complex128{1}, 1)}), []string{`"a"`, "complex128"}},
		{pairs(named{"a", dense([]string{"x"}, 1)}), []string{`"a"`, "string"}},
		{pairs(named{"a", tensor.New(tensor.WithShape(2, 2), tensor.AsFortran([]float32{1, 2, 3, 4}))}), []string{`"a"`, "column by column"}},
	} {
		dir := t.TempDir()
		err := checkpoints.Write(filepath.Join(dir, "x.safetensors"), c.tensors, nil)
		wantError(t, err, append(c.want, "checkpoints: ", "x.safetensors")...)
		wantFiles(t, dir)
	}
}

func TestReadInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"f32", dense([]float32{0.1, 2}, 2)}, named{"f64", dense([]float64{0.1, 2}, 2)}, named{"i32", dense([]int32{1, 2}, 2)}), nil))
	f, err := checkpoints.Open(path)
	check(t, err)
	defer f.Close()
	wide := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2))
	check(t, f.ReadInto("f32", wide))
	wantSame(t, "float32 into float64", wide.Data(), []float64{float64(float32(0.1)), 2})
	narrow := filled(0, 2)
	check(t, f.ReadInto("f64", narrow))
	wantSame(t, "float64 into float32", narrow.Data(), []float32{0.1, 2})

	wantError(t, f.ReadInto("i32", narrow), `"i32"`, "I32", "float32")
	wantError(t, f.ReadInto("f32", filled(0, 2, 1)), `"f32"`, "[2]", "[2 1]")
	base := filled(0, 2, 2)
	column, err := base.Slice(nil, tensor.S(1))
	check(t, err)
	wantError(t, f.ReadInto("f32", column.(*tensor.Dense)), `"f32"`, "view")
	wantSame(t, "the view's base", base.Data(), []float32{0, 0, 0, 0})
}

// TestTruncatedAfterOpen: reading from a file that shrinks after Open is an error, not a crash.
func TestTruncatedAfterOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	check(t, checkpoints.Write(path, pairs(named{"a", filled(1, 4)}), nil))
	f, err := checkpoints.Open(path)
	check(t, err)
	defer f.Close()
	stat, err := os.Stat(path)
	check(t, err)
	check(t, os.Truncate(path, stat.Size()-1))
	_, err = f.Tensor("a")
	wantError(t, err, `"a"`, "EOF")
}

func TestOpenFolder(t *testing.T) {
	_, err := checkpoints.Open(t.TempDir())
	wantError(t, err, "not a regular file")
}

// TestGolden reads files written in Python and compares them with a plain reading of the JSON and the bytes.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(shared(t, "golden"), "*", "*.safetensors"))
	check(t, err)
	models, err := filepath.Glob(filepath.Join(shared(t, "models"), "*", "*.safetensors"))
	check(t, err)
	for _, path := range append(paths, models...) {
		content, err := os.ReadFile(path)
		check(t, err)
		n := 8 + int(content[0]) + int(content[1])<<8 + int(content[2])<<16
		var header map[string]struct {
			Dtype   string
			Shape   []int
			Offsets [2]int `json:"data_offsets"`
		}
		check(t, json.Unmarshal(content[8:n], &header))
		delete(header, "__metadata__")
		got := load(t, path)
		wantSame(t, path+" count", len(got), len(header))
		for name, h := range header {
			wantSame(t, name+" shape", []int(got[name].Shape()), h.Shape)
			if !bytes.Equal(got[name].Raw, content[n+h.Offsets[0]:n+h.Offsets[1]]) {
				t.Errorf("%s: %s differs from the file's bytes", path, name)
			}
		}
	}
}
