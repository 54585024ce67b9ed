package ops

import "github.com/gorgoformer/gorgoformer/graph/kernel"

// heads returns the queries, keys and values in x, which is the operands, or the results of the backward pass.
func heads[T kernel.Float](a attention, x []Arg[T], d int) (q, k, v kernel.Heads[T]) {
	kv := a.kvHeads()
	at := func(i, channel int) kernel.Heads[T] {
		h := kernel.Heads[T]{Batch: x[i].Shape[1] * x[i].Cols(), Time: x[i].Cols(), Head: d}
		if x[i].F != nil {
			h.Data = x[i].F[channel:]
		}
		return h
	}
	switch a.sources {
	case 1:
		return at(0, 0), at(0, a.Heads*d), at(0, (a.Heads+kv)*d)
	case 2:
		return at(0, 0), at(1, 0), at(1, kv*d)
	}
	return at(0, 0), at(1, 0), at(2, 0)
}

func attentionKernel[T kernel.Float](a attention, c *Call[T]) kernel.Attention[T] {
	k := kernel.Attention[T]{
		B: c.In[0].Shape[0], H: a.Heads, KVHeads: a.kvHeads(), Tq: c.In[0].Shape[1], Tk: c.In[0].Shape[1],
		Scale: a.Scale, Causal: a.Causal, Window: a.Window, Softcap: a.Softcap, Dropout: a.Dropout,
		Cache: a.Cache,
	}
	k.D = c.In[0].Cols() / a.Heads
	if a.sources == 1 {
		k.D = c.In[0].Cols() / (a.Heads + 2*a.kvHeads())
	} else {
		k.Tk = c.In[1].Shape[1]
	}
	k.Q, k.K, k.V = heads(a, c.In, k.D)
	ids := func(i int) []int32 {
		if i < 0 {
			return nil
		}
		return c.In[i].I
	}
	k.Past, k.Lengths, k.Starts, k.Ends = ids(a.past), ids(a.lengths), ids(a.starts), ids(a.ends)
	if a.Dropout > 0 {
		k.Seed = seedOf(a.Key, c.In[a.stream].I)
	}
	addBiases(a, c, &k)
	return k
}

// addBiases sets the biases of k. A bias with one head or one sequence is shared.
func addBiases[T kernel.Float](a attention, c *Call[T], k *kernel.Attention[T]) {
	if a.bias >= 0 {
		b := c.In[a.bias]
		k.Bias = b.F
		if b.Shape[1] > 1 {
			k.BiasHead = b.Shape[2] * b.Shape[3]
		}
		if b.Shape[0] > 1 {
			k.BiasBatch = b.Shape[1] * b.Shape[2] * b.Shape[3]
		}
	}
	if a.distance >= 0 {
		d := c.In[a.distance]
		k.Distance = d.F
		if d.Shape[0] > 1 {
			k.DistanceHead = d.Cols()
		}
	}
}

// contiguous returns the layout of the result: (B, T, H·D).
func contiguous[T kernel.Float](x Arg[T], d int) kernel.Heads[T] {
	return kernel.Heads[T]{Data: x.F, Batch: x.Shape[1] * x.Cols(), Time: x.Cols(), Head: d}
}

func attentionForward[T kernel.Float](a attention) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := attentionKernel(a, c)
		if err := k.Check(); err != nil {
			return err
		}
		k.Forward(contiguous(c.Out[0], k.D), kernel.Normalizer[T]{Top: c.Out[1].F, Inverse: c.Out[2].F})
		return nil
	}
}

// attentionLook computes all probabilities, or with scores the scores before the softmax.
func attentionLook[T kernel.Float](a attention, scores bool) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := attentionKernel(a, c)
		if err := k.Check(); err != nil {
			return err
		}
		if scores {
			k.Scores(c.Out[0].F)
		} else {
			k.Probabilities(c.Out[0].F)
		}
		return nil
	}
}

func attentionBackward[T kernel.Float](a attention) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := attentionKernel(a, c)
		kept := c.In[len(c.In)-4:] // o, top, inverse, do
		g := kernel.AttentionGrads[T]{
			O: contiguous(kept[0], k.D), Normalizer: kernel.Normalizer[T]{Top: kept[1].F, Inverse: kept[2].F}, DO: contiguous(kept[3], k.D),
		}
		g.DQ, g.DK, g.DV = heads(a, c.Out, k.D)
		if a.bias >= 0 {
			g.DBias = c.Out[a.bias].F
		}
		if a.distance >= 0 {
			g.DDistance = c.Out[a.distance].F
		}
		k.Backward(g)
		return nil
	}
}
