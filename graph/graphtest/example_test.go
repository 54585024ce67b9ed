package graphtest_test

import (
	"fmt"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Gate is a user's own layer: x times the sigmoid of a linear layer of x.
type Gate struct{}

func (Gate) Forward(s *graph.Scope, x *G.Node) *G.Node { // (B, T, C) → (B, T, C)
	g := layers.Linear{Out: s.Dims(x, 3)[2]}.Forward(s.In("gate"), x)
	return s.Try(ops.Mul(x, s.Try(G.Sigmoid(g))))
}

// printed is a test that prints. A real test passes its t.
type printed struct{ testing.TB }

func (printed) Helper() {}
func (printed) Errorf(format string, args ...any) {
	text, _, _ := strings.Cut(fmt.Sprintf(format, args...), " (")
	fmt.Println(text)
}

// Checks the gradients of a layer. Its input is declared as a parameter, so that its gradient is checked too.
func ExampleGradients() {
	var t printed
	graphtest.Gradients(t, nil, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 2, 3, 4)
		s.Minimize(graphtest.Loss(s, Gate{}.Forward(s.In("gated"), x)))
	})
	fmt.Println("checked")
	// Output: checked
}
