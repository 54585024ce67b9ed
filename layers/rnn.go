package layers

import (
	"fmt"
	"math"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// GRU is a stack of gated recurrent units: (B, T, C) → (B, T, Hidden), the states of the last layer (torch.nn.GRU; formulas in
// kernel.GRU). The initial states are zeros. Steps after a sequence's length keep its state, where PyTorch has zeros.
//
// In mode Decode it caches the states after every step. This costs the memory of a layer's cached keys, but a sequence can go
// on from any earlier step, as with attention.
//
// Parameters of layer N: weight_ih_lN (3·Hidden, C or Hidden), weight_hh_lN (3·Hidden, Hidden), bias_ih_lN and bias_hh_lN
// (3·Hidden) unless NoBias is set. The rows are those of the gates r, z and n. Initially all are uniform in ±1/√Hidden, as in
// PyTorch.
type GRU struct {
	Layers  int // 0 means 1
	Hidden  int // channels of a state; 0 means C
	NoBias  bool
	Dropout float64 // of the states between layers
}

// Forward declares the layer.
func (l GRU) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	return recurrent{kernel.GRU, l.Layers, l.Hidden, l.NoBias, l.Dropout}.forward(s, x, seq)
}

// LSTM is a stack of long short-term memories: (B, T, C) → (B, T, Hidden), the states h of the last layer (torch.nn.LSTM; formulas
// in kernel.LSTM). Otherwise it is as GRU, with caches of twice the size.
//
// Parameters: as GRU, with four gates, i, f, g and o, instead of three.
type LSTM struct {
	Layers  int // 0 means 1
	Hidden  int // channels of a state; 0 means C
	NoBias  bool
	Dropout float64 // of the states between layers
}

// Forward declares the layer.
func (l LSTM) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	return recurrent{kernel.LSTM, l.Layers, l.Hidden, l.NoBias, l.Dropout}.forward(s, x, seq)
}

// recurrent is a stack of layers of a cell.
type recurrent struct {
	cell    kernel.Cell
	layers  int
	hidden  int
	noBias  bool
	dropout float64
}

func (l recurrent) forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	in := s.Dims(x, 3)[2]
	if l.layers < 0 || l.hidden < 0 {
		return s.Failf("%v: %d layers of %d channels: want at least 0 of both, where 0 means the default", l.cell, l.layers, l.hidden)
	}
	if l.layers == 0 {
		l.layers = 1
	}
	if l.hidden == 0 {
		l.hidden = in
	}
	for i := range s.Parts(l.layers) {
		if i > 0 {
			x = Dropout{P: l.dropout}.Forward(s.In(fmt.Sprintf("dropout_l%d", i-1)), x)
		}
		x = l.layer(s, x, seq, i) // (B, T, Hidden)
	}
	return x
}

// layer declares layer i.
func (l recurrent) layer(s *graph.Scope, x *G.Node, seq Sequence, i int) *G.Node {
	in, gates := s.Dims(x, 3)[2], l.cell.Gates()*l.hidden
	name := func(part string) string { return fmt.Sprintf("%s_l%d", part, i) }
	init := graph.Uniform(1 / math.Sqrt(float64(l.hidden)))
	input := s.Param(name("weight_ih"), init, gates, in)
	r := ops.Recurrence{W: s.Param(name("weight_hh"), init, gates, l.hidden)}
	var bias *G.Node
	if !l.noBias {
		bias, r.Bias = s.Param(name("bias_ih"), init, gates), s.Param(name("bias_hh"), init, gates)
	}
	r.X = s.Try(ops.Linear(x, input, bias, ops.LinearOptions{})) // (B, T, G·Hidden)
	if s.Mode() == graph.Decode {
		return l.cached(s, r, seq, name("state"))
	}
	r.Lengths = seq.Lengths
	if l.cell == kernel.LSTM {
		return s.Try(ops.LSTM(r))
	}
	return s.Try(ops.GRU(r))
}

// cached continues the sequences from the states in the cache of this name.
func (l recurrent) cached(s *graph.Scope, r ops.Recurrence, seq Sequence, name string) *G.Node {
	if seq.Past == nil || seq.Context <= 0 {
		return s.Failf("%v: decoding needs a Sequence with Past and Context: see DecodeInputs", l.cell)
	}
	if s.Caches() != 0 {
		return s.Failf("%v: it has states, not keys and values: keep them in the parameters' type, not in %v", l.cell, s.Caches())
	}
	b := s.Dims(r.X, 3)[0]
	if l.cell == kernel.LSTM {
		return s.Try(ops.LSTMCache(s.State(name, b, seq.Context, 2*l.hidden), seq.Past, r))
	}
	return s.Try(ops.GRUCache(s.State(name, b, seq.Context, l.hidden), seq.Past, r))
}
