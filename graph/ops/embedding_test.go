package ops_test

import (
	"fmt"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func embeddingCases() []opCase {
	var cases []opCase
	for _, c := range []struct {
		table []int
		id    []int32
		shape []int
	}{
		{[]int{1, 1}, []int32{0}, []int{1}},
		{[]int{5, 3}, []int32{4, 0, 4, 4, 2, 0}, []int{2, 3}}, // repeated ids add up in the gradient
		{[]int{7, 2}, []int32{6, 1}, []int{1, 2}},
		{[]int{3, 40}, []int32{1, 1, 1, 1}, []int{2, 1, 2}},
	} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Embedding/%v%v", c.table, c.shape),
			operands: []operand{normal(c.table...), ids(c.id, c.shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Embedding(x[0], x[1]) },
			want: func(x []array) array {
				y := array{shape: append(append([]int(nil), c.shape...), c.table[1])}
				for _, id := range c.id {
					y.f = append(y.f, x[0].rows()[id]...)
				}
				return y
			},
		})
	}
	return cases
}
