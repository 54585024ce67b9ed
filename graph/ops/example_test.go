package ops_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// squaredReLU is y = max(x, 0)² (So et al. 2021, arXiv 2109.08668). One generic function serves both types.
var squaredReLU = ops.Def{
	Name:     "SquaredReLU",
	Shapes:   func(in []tensor.Shape) ([]tensor.Shape, error) { return in[:1], nil },
	Forward:  ops.Kernel{F32: squares[float32], F64: squares[float64]},
	Backward: ops.Kernel{F32: squaresBackward[float32], F64: squaresBackward[float64]},
	Unread:   []int{1}, // the gradient needs x, not y
}

func squares[T kernel.Float](c *ops.Call[T]) error {
	for i, x := range c.In[0].F {
		c.Out[0].F[i] = max(x, 0) * max(x, 0)
	}
	return nil
}

// squaresBackward reads x, y and dy.
func squaresBackward[T kernel.Float](c *ops.Call[T]) error {
	for i, x := range c.In[0].F {
		c.Out[0].F[i] = 2 * max(x, 0) * c.In[2].F[i]
	}
	return nil
}

// A user's own operation, here under Gorgonia's own machine. A graph.Program runs it too.
func ExampleNew() {
	g := G.NewGraph()
	x := G.NewVector(g, tensor.Float32, G.WithName("x"), G.WithValue(tensor.New(tensor.WithBacking([]float32{-1, 2, 3}))))
	y, err := ops.New(squaredReLU, x)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := G.Grad(G.Must(G.Sum(y)), x); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(x))
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	d, err := x.Grad()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Value().Data(), d.Data())
	// Output: [0 4 9] [0 4 6]
}
