package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Embedding returns the rows of table at ids: (V, C) and int32 (…) → (…, C).
//
// The table may be a matrix in few bits, see kernel.Packed. It has no gradient then.
//
// At run time it is an error if an id is not in 0…V−1. The error names the id, its position and V.
func Embedding(table, ids *G.Node) (*G.Node, error) {
	return New(Def{
		Name: "Embedding",
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if len(in[0]) != 2 || ids.Dtype() != tensor.Int32 {
				return nil, errors.Errorf("table %v and ids of type %v: want (V, C) and int32", in[0], ids.Dtype())
			}
			return []tensor.Shape{append(slices.Clone(in[1]), in[0][1])}, nil
		},
		Forward: Kernel{gatherPacked, gather[float64]},
		Packed:  []int{0},
		Grad: func(d Derivation) ([]*G.Node, error) {
			dtable, err := d.result(Def{
				Name:    "EmbeddingBackward",
				Shapes:  func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{table.Shape()}, nil },
				Forward: Kernel{scatter[float32], scatter[float64]},
				Adds:    []int{0},
			}, d.In[1], d.D)
			return []*G.Node{dtable, nil}, err
		},
	}, table, ids)
}

func gather[T kernel.Float](c *Call[T]) error {
	table, ids := c.In[0], c.In[1].I
	if err := kernel.CheckIDs(ids, table.Shape[0]); err != nil {
		return err
	}
	kernel.Gather(c.Out[0].F, table.F, ids, table.Cols())
	return nil
}

// gatherPacked is gather for a table that may be packed.
func gatherPacked(c *Call[float32]) error {
	table, ids := c.In[0].W, c.In[1].I
	if table == nil {
		return gather(c)
	}
	if err := kernel.CheckIDs(ids, table.Rows); err != nil {
		return err
	}
	table.Gather(c.Out[0].F, ids)
	return nil
}

func scatter[T kernel.Float](c *Call[T]) error {
	if !c.Out[0].Adds() {
		clear(c.Out[0].F)
	}
	kernel.ScatterAdd(c.Out[0].F, c.In[0].I, c.In[1].F, c.Out[0].Cols())
	return nil
}
