package onnx_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/checkpoints/onnx/onnxtest"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// small is y = (x·a + b)·a.
func small() *onnx.Model {
	a, b := make([]float32, 400), make([]float32, 20)
	for i := range a {
		a[i], b[i%20] = float32(i%7)/8, float32(i%20)
	}
	x := []onnx.Dim{{Name: "rows"}, {Size: 20}}
	return &onnx.Model{
		Name: "small", Opset: 17,
		Nodes: []onnx.Node{
			{Op: "MatMul", Name: "n1", In: []string{"x", "a"}, Out: []string{"p"}},
			{Op: "Add", Name: "n2", In: []string{"p", "b"}, Out: []string{"q"}},
			{Op: "Transpose", Name: "n3", In: []string{"a"}, Out: []string{"t"}, Attrs: []onnx.Attr{{Name: "perm", Value: []int{1, 0}}}},
			{Op: "Gemm", Name: "n4", In: []string{"q", "t"}, Out: []string{"y"}, Attrs: []onnx.Attr{{Name: "alpha", Value: float32(0.5)}, {Name: "transB", Value: 1}}},
		},
		Inputs:  []onnx.Value{{Name: "x", Type: onnx.Float32, Shape: x}},
		Outputs: []onnx.Value{{Name: "y", Type: onnx.Float32, Shape: x}},
		Weights: []onnx.Tensor{{Name: "a", Shape: []int{20, 20}, Data: a}, {Name: "b", Shape: []int{20}, Data: b}, {Name: "c", Shape: []int{2, 200}, Data: a}},
	}
}

// TestSave reads a file back with an independent reader, with the weights inside and outside.
func TestSave(t *testing.T) {
	for _, largest := range []int64{0, 1} {
		m, path := small(), filepath.Join(t.TempDir(), "m.onnx")
		m.MaxFile = largest
		check(t, m.Save(path))
		f := read(t, path)
		if f.ir != 8 || f.opset != 17 || f.name != "small" || !slices.Equal(f.inputs, []string{"x 1 rows 20"}) || !slices.Equal(f.outputs, []string{"y 1 rows 20"}) {
			t.Errorf("got %+v", f)
		}
		for i, n := range f.nodes {
			w := m.Nodes[i]
			if n.op != w.Op || n.name != w.Name || !slices.Equal(n.in, w.In) || !slices.Equal(n.out, w.Out) || len(n.attrs) != len(w.Attrs) {
				t.Errorf("got %+v, want %+v", n, w)
			}
		}
		if got := f.nodes[3].attrs; got["alpha"] != float32(0.5) || got["transB"] != int64(1) || !reflect.DeepEqual(f.nodes[2].attrs["perm"], []int64{1, 0}) {
			t.Errorf("got attributes %v and %v", got, f.nodes[2].attrs)
		}
		data, _ := os.ReadFile(path + ".data") // empty if it is missing
		if (len(data) > 0) != (largest > 0) {
			t.Errorf("MaxFile %d: got %d bytes in a second file", largest, len(data))
		}
		for _, w := range m.Weights {
			if got := content(t, f.tensors[w.Name], data); !slices.Equal(got, w.Data.([]float32)) {
				t.Errorf("MaxFile %d: weight %s differs", largest, w.Name)
			}
		}
	}
}

// content returns the numbers of a tensor, which may be in the second file.
func content(t *testing.T, s stored, data []byte) []float32 {
	t.Helper()
	if len(s.external) == 0 {
		return floats(t, s.raw)
	}
	offset, err := strconv.Atoi(s.external["offset"])
	check(t, err)
	length, err := strconv.Atoi(s.external["length"])
	check(t, err)
	if offset%4096 != 0 || s.external["location"] != "m.onnx.data" || len(s.raw) > 0 {
		t.Errorf("got %v with %d bytes inside, want an offset of pages in m.onnx.data", s.external, len(s.raw))
	}
	return floats(t, data[offset:offset+length])
}

// TestSaveAgain replaces a model, and leaves the old one and no other file after an error.
func TestSaveAgain(t *testing.T) {
	dir := t.TempDir()
	m, path := small(), filepath.Join(dir, "m.onnx")
	m.MaxFile = 1
	check(t, m.Save(path))
	check(t, m.Save(path))
	check(t, os.Mkdir(filepath.Join(dir, "other.onnx"), 0o777))
	if err := m.Save(filepath.Join(dir, "other.onnx")); err == nil {
		t.Error("got no error for a folder")
	}
	if err := m.Save(filepath.Join(dir, "missing", "m.onnx")); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("got %v, want an error that names the folder", err)
	}
	entries, err := os.ReadDir(dir)
	check(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"m.onnx", "m.onnx.data", "other.onnx"}; !slices.Equal(names, want) {
		t.Errorf("got files %v, want %v", names, want)
	}
}

// TestExternal runs a model with a second file in ONNX Runtime.
func TestExternal(t *testing.T) {
	onnxtest.Need(t)
	x := onnxtest.Tensor{Dims: []int{1, 20}, Data: make([]float32, 20)}
	var got [2][]float32
	for i := range got {
		m, path := small(), filepath.Join(t.TempDir(), "m.onnx")
		m.MaxFile = int64(i)
		check(t, m.Save(path))
		r := onnxtest.Run(t, onnxtest.Job{Model: path, Feeds: map[string]onnxtest.Tensor{"x": x}})[0]
		if r.Error != "" {
			t.Fatal(r.Error)
		}
		got[i] = r.Outputs["y"].Data.([]float32)
	}
	if !slices.Equal(got[0], got[1]) || got[0][1] == 0 {
		t.Errorf("got %v and %v, want equal results", got[0], got[1])
	}
}

// TestCheck lists models that are not valid.
func TestCheck(t *testing.T) {
	cases := map[string]func(m *onnx.Model){
		"operator set 16: want 17 to 21":                 func(m *onnx.Model) { m.Opset = 16 },
		"operator set 1000000: want 17 to 21":            func(m *onnx.Model) { m.Opset = 1000000 },
		"input x has no type":                            func(m *onnx.Model) { m.Inputs[0].Type = 0 },
		"the name x belongs to an input and to a weight": func(m *onnx.Model) { m.Weights[0].Name = "x" },
		"a weight has no name":                           func(m *onnx.Model) { m.Weights[0].Name = "" },
		"weight a has data of type string":               func(m *onnx.Model) { m.Weights[0].Data = "" },
		"weight a has 400 elements, its shape [20] has":  func(m *onnx.Model) { m.Weights[0].Shape = []int{20} },
		"weight a has 400 elements, its shape [-20 -20]": func(m *onnx.Model) { m.Weights[0].Shape = []int{-20, -20} },
		"node n1 (MatMul) reads q, which nothing before": func(m *onnx.Model) { m.Nodes[0].In[0] = "q" },
		"attribute perm is a []int64: want int, float32": func(m *onnx.Model) { m.Nodes[2].Attrs[0].Value = []int64{1} },
		"has 0 results":                                  func(m *onnx.Model) { m.Nodes[0].Out = nil },
		"a result of Add: want one of them":              func(m *onnx.Model) { m.Nodes[1].Out[0] = "p" },
		`output "z" is the result of no node`:            func(m *onnx.Model) { m.Outputs[0].Name = "z" },
		"the model has no outputs":                       func(m *onnx.Model) { m.Outputs = nil },
	}
	for _, want := range slices.Sorted(maps.Keys(cases)) {
		m := small()
		cases[want](m)
		path := filepath.Join(t.TempDir(), "m.onnx")
		if err := m.Save(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written", want)
		}
	}
}
