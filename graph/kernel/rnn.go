package kernel

import "fmt"

// Cell is the kind of a recurrent layer.
type Cell uint8

// The cells, with the order of their gates. With the products a of the input and b of the state, each with its bias:
//
//	GRU:  r, z, n: h = (1-z)·n + z·h', r = σ(aᵣ+bᵣ), z = σ(a_z+b_z), n = tanh(aₙ + r·bₙ)
//	LSTM: i, f, g, o: c = f·c' + i·g, h = o·tanh(c), i, f, o = σ(a+b), g = tanh(a+b)
//
// They are the cells of torch.nn.GRU and torch.nn.LSTM (Cho et al. 2014, https://arxiv.org/abs/1406.1078, with the reset gate after
// the product; Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000).
const (
	GRU Cell = iota
	LSTM
)

// Gates returns the number of gates.
func (c Cell) Gates() int {
	if c == LSTM {
		return 4
	}
	return 3
}

// String returns the name of the cell.
func (c Cell) String() string {
	if c == LSTM {
		return "LSTM"
	}
	return "GRU"
}

// keptGates is the number of vectors of Gates for each step, for both cells: a GRU keeps bₙ in addition to its three gates.
const keptGates = 4

// Recurrent is a recurrent layer over a whole sequence, from the products of its inputs on. G is the number of gates.
type Recurrent[T Float] struct {
	Cell       Cell
	B, Time, H int
	X          []T     // (B, Time, G·H): for every step the product of the input with all gates, and its bias; Backward ignores it
	W          []T     // (G·H, H): weights of the state
	Bias       []T     // (G·H): bias of the state's product; nil means none
	H0, C0     []T     // (B, H): initial states; nil means zeros
	Lengths    []int32 // (B): number of steps of each sequence; nil means Time. Later steps keep the state.
}

// RecurrentStates are the results of a Recurrent. Backward needs all of them.
type RecurrentStates[T Float] struct {
	Y     []T // (B, Time, H): the state h after every step
	C     []T // (B, Time, H): the state c of an LSTM after every step; may be nil
	Gates []T // (B, Time, 4H): i, f, g, o, or r, z, n, bₙ; undefined after a sequence's length; may be nil
}

// RecurrentGrads are the operands of Backward in addition to the results of Forward. Any gradient may be nil.
type RecurrentGrads[T Float] struct {
	DY       []T // (B, Time, H): gradient of Y
	DX       []T // (B, Time, G·H)
	DW       []T // (G·H, H)
	DBias    []T // (G·H)
	DH0, DC0 []T // (B, H)
	Scratch  []T // BackwardScratch elements with any content
}

// BackwardScratch returns the length of RecurrentGrads.Scratch: the states before every step, and the gradients of a GRU's bₙ.
func (r Recurrent[T]) BackwardScratch() int {
	if r.Cell == GRU {
		return 2 * r.B * r.Time * r.H
	}
	return r.B * r.Time * r.H
}

// done reports whether sequence b ends before step t.
func (r *Recurrent[T]) done(b, t int) bool { return r.Lengths != nil && t >= int(r.Lengths[b]) }

func (r *Recurrent[T]) check(s RecurrentStates[T]) {
	name, gates, states := r.Cell.String(), r.Cell.Gates()*r.H, r.B*r.Time*r.H
	if r.Cell > LSTM {
		panic(fmt.Sprintf("kernel: recurrent: unknown cell %d", r.Cell))
	}
	checkLen(name, "w", len(r.W), gates*r.H)
	checkOptional(name, "bias", r.Bias, gates)
	checkOptional(name, "h0", r.H0, r.B*r.H)
	checkOptional(name, "c0", r.C0, r.B*r.H)
	checkOptional(name, "lengths", r.Lengths, r.B)
	checkLen(name, "y", len(s.Y), states)
	checkOptional(name, "c", s.C, states)
	checkOptional(name, "gates", s.Gates, keptGates*r.B*r.Time*r.H)
}

// The states of all rows are cut into tiles of recurrentRows sequences by recurrentCols channels. A worker computes all gates of a
// tile: their product, and everything elementwise while they are in its cache.
const (
	recurrentRows = 96
	recurrentCols = 64
)

// recurrentTile is a tile: m sequences from b on, n channels from j on.
type recurrentTile struct{ b, m, j, n, block int }

// tiles returns the number of tiles. Their bounds depend only on the shape.
func (r *Recurrent[T]) tiles() int { return r.bands() * r.blocks() }

func (r *Recurrent[T]) bands() int  { return (r.B + recurrentRows - 1) / recurrentRows }
func (r *Recurrent[T]) blocks() int { return (r.H + recurrentCols - 1) / recurrentCols }

// grain returns the number of tiles that are worth a worker.
func (r *Recurrent[T]) grain() int {
	return rowGrain(min(r.B, recurrentRows) * recurrentCols * r.Cell.Gates() * (r.H/4 + activationCost))
}

// tile returns tile i. Neighbouring tiles share their weights.
func (r *Recurrent[T]) tile(i int) recurrentTile {
	b, block := i%r.bands()*recurrentRows, i/r.bands()
	j := block * recurrentCols
	return recurrentTile{b, min(recurrentRows, r.B-b), j, min(recurrentCols, r.H-j), block}
}

// initial copies an initial state, zeros if it is nil.
func initial[T Float](dst, src []T) {
	if src == nil {
		clear(dst)
		return
	}
	copy(dst, src)
}
