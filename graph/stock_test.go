package graph_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// stockCase is an operation of Gorgonia on some operands. Build must refuse it by name, or give the values of want and gradients
// equal to central differences.
type stockCase struct {
	name   string // the function, and its variant after a slash
	shapes [][]int
	apply  func(x []*G.Node) (*G.Node, error)
	want   func(x []nd) nd

	flat bool // its gradient is missing or zero nearly everywhere: check only its values
}

// nd is a row-major array of float64.
type nd struct {
	shape []int
	f     []float64
}

func newND(shape ...int) nd { return nd{shape, make([]float64, tensor.Shape(shape).TotalSize())} }

// each calls f with every index of the array.
func (a nd) each(f func(i []int, at int)) {
	index := make([]int, len(a.shape))
	for at := range a.f {
		f(index, at)
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < a.shape[k] {
				break
			}
			index[k] = 0
		}
	}
}

// at returns an element. An axis of 1 is repeated.
func (a nd) at(index ...int) float64 {
	k := 0
	for d, i := range index {
		if a.shape[d] == 1 {
			i = 0
		}
		k = k*a.shape[d] + i
	}
	return a.f[k]
}

// operand is a parameter of the case. A shape without axes is a scalar.
func (c stockCase) operands(s *graph.Scope) []*G.Node {
	var x []*G.Node
	for i, shape := range c.shapes {
		full := shape
		if len(shape) == 0 {
			full = []int{1}
		}
		n := s.At(i).Param("x", graph.Normal(0.7), full...)
		if len(shape) == 0 {
			n = s.Try(ops.Reshape(n))
		}
		x = append(x, n)
	}
	return x
}

func (c stockCase) declare(s *graph.Scope) {
	y := s.In("op").Try(c.apply(c.operands(s)))
	s.Output("y", y)
	if !c.flat {
		s.Minimize(graphtest.Loss(s, y))
	}
}

// TestStock tries Gorgonia's operations: every operation that Build accepts must be correct.
func TestStock(t *testing.T) {
	for _, c := range stockCases() {
		t.Run(c.name+shapesOf(c.shapes), func(t *testing.T) {
			c.checkValues(t, tensor.Float64, 1e-12)
			c.checkValues(t, tensor.Float32, 2e-5) // sums of some dozens of products of size 1
			if !c.flat {
				graphtest.Gradients(t, nil, c.declare)
				c.checkFrozen(t)
			}
		})
	}
}

func shapesOf(shapes [][]int) (s string) {
	for _, x := range shapes {
		s += fmt.Sprint(" ", x)
	}
	return s
}

// checkValues compares two runs with the reference.
func (c stockCase) checkValues(t *testing.T, dt tensor.Dtype, tol float64) {
	t.Helper()
	params := graph.NewParams(dt, 1)
	p, err := graph.Build(params, graph.Eval, c.declare)
	if err != nil {
		t.Fatalf("%v: %v", dt, err)
	}
	var x []nd
	i := 0
	for _, v := range params.All() {
		x = append(x, nd{c.shapes[i], doubles(t, v)})
		i++
	}
	want := c.want(x)
	for run := range 2 {
		check(t, p.Run(nil))
		got := p.Output("y")
		if shape := got.Shape(); len(want.shape) > 0 && !slices.Equal(shape, want.shape) {
			t.Fatalf("%v: got shape %v, want %v", dt, shape, want.shape)
		}
		for i, g := range doubles(t, got) {
			if w := want.f[i]; !(math.Abs(g-w) <= tol*max(1, math.Abs(w))) {
				t.Fatalf("%v: run %d: element %d: got %v, want %v", dt, run, i, g, w)
			}
		}
	}
}

// checkFrozen freezes each operand. The gradients of the others must not change.
func (c stockCase) checkFrozen(t *testing.T) {
	t.Helper()
	params := graph.NewParams(tensor.Float64, 1)
	gradients := func() map[string][]float64 {
		p := buildOver(t, params, graph.Train, c.declare)
		check(t, p.Run(nil))
		all := map[string][]float64{}
		for _, w := range p.Weights() {
			g, err := w.Grad()
			check(t, err)
			all[w.Name()] = slices.Clone(g.(*tensor.Dense).Float64s())
		}
		return all
	}
	want := gradients()
	if len(want) < 2 {
		return
	}
	for name := range want {
		params.Unfreeze("**")
		params.Freeze(name)
		for other, g := range gradients() {
			if !slices.Equal(g, want[other]) {
				t.Errorf("gradient of %s with %s frozen: got %v, want %v", other, name, g, want[other])
			}
		}
	}
}

func doubles(t *testing.T, v *tensor.Dense) (f []float64) {
	t.Helper()
	switch data := v.Data().(type) {
	case []float64:
		return slices.Clone(data)
	case []float32:
		for _, x := range data {
			f = append(f, float64(x))
		}
	case []int:
		for _, x := range data {
			f = append(f, float64(x))
		}
	case int:
		return []float64{float64(data)}
	case []bool:
		for _, x := range data {
			f = append(f, truth(x))
		}
	case float64:
		return []float64{data}
	case float32:
		return []float64{float64(data)}
	default:
		t.Fatalf("value of type %T", data)
	}
	return f
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// TestStockTogether applies all operations on operands of the same shapes to the same operands, because Gorgonia merges operations
// whose hashes omit their differences.
func TestStockTogether(t *testing.T) {
	groups := map[string][]stockCase{}
	for _, c := range stockCases() {
		groups[shapesOf(c.shapes)] = append(groups[shapesOf(c.shapes)], c)
	}
	for shapes, cases := range groups {
		t.Run(shapes, func(t *testing.T) {
			params := graph.NewParams(tensor.Float64, 1)
			p := buildOver(t, params, graph.Eval, func(s *graph.Scope) {
				x := cases[0].operands(s)
				for i, c := range cases {
					s.Output(fmt.Sprint(i), s.Try(c.apply(x)))
				}
			})
			check(t, p.Run(nil))
			var x []nd
			for _, v := range params.All() {
				x = append(x, nd{cases[0].shapes[len(x)], doubles(t, v)})
			}
			for i, c := range cases {
				want := c.want(x).f
				for k, g := range doubles(t, p.Output(fmt.Sprint(i))) {
					if !(math.Abs(g-want[k]) <= 1e-12*max(1, math.Abs(want[k]))) {
						t.Fatalf("%s: element %d: got %v, want %v", c.name, k, g, want[k])
					}
				}
			}
		})
	}
}

// TestStockRefused: a wrong operation is refused with its name and the name of its replacement.
func TestStockRefused(t *testing.T) {
	for name, c := range stockRefused {
		t.Run(name, func(t *testing.T) {
			buildError(t, "op: gorgonia.|: use |"+strings.Split(name, "/")[0], func(s *graph.Scope) {
				s.Output("y", s.In("op").Try(c.apply(c.operands(s))))
			})
		})
	}
}

// TestStockComplete: the tables contain every function of Gorgonia that makes nodes, so that no operation goes unchecked.
func TestStockComplete(t *testing.T) {
	known := map[string]bool{}
	for _, c := range stockCases() {
		known[strings.Split(c.name, "/")[0]] = true
	}
	for name := range stockRefused {
		known[strings.Split(name, "/")[0]] = true
	}
	for name := range stockOther {
		if known[name] {
			t.Errorf("%s is in two tables", name)
		}
		known[name] = true
	}
	for _, name := range nodeMakers(t) {
		if !known[name] {
			t.Errorf("gorgonia.%s makes a node, but no table has it", name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("gorgonia has no function %s that makes a node", name)
	}
}

// nodeMakers lists the exported functions of Gorgonia that return nodes.
func nodeMakers(t *testing.T) (names []string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "gorgonia.org/gorgonia").Output()
	if err != nil {
		t.Skipf("the source of Gorgonia is not at hand: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "*.go"))
	check(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		check(t, err)
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && parsed.Name.Name == "gorgonia" && f.Recv == nil && f.Name.IsExported() && f.Type.Results != nil &&
				slices.ContainsFunc(f.Type.Results.List, func(r *ast.Field) bool {
					return slices.Contains([]string{"*Node", "Nodes"}, types.ExprString(r.Type))
				}) && !slices.Contains(names, f.Name.Name) {
				names = append(names, f.Name.Name)
			}
		}
	}
	if len(names) < 50 {
		t.Fatalf("got %d functions, want all", len(names))
	}
	return names
}
