package generate

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// size is the size of a pass: the number of sequences, and of the tokens that it reads of each.
type size struct{ Sequences, Tokens int }

// total returns the number of positions that a pass computes.
func (z size) total() int { return z.Sequences * z.Tokens }

// maxPositions bounds the positions of a pass over several tokens, and so the memory of a Decoder. Matrix products over as many rows
// run at full speed.
const maxPositions = 512

// sizesOf returns the sizes of the passes over a batch: the whole batch, half of it and so on, times some numbers of tokens.
func sizesOf(batch, window int) (sizes []size) {
	most := min(window, maxPositions)
	for t := 1; ; t = min(4*max(t, 2), most) {
		for b := batch; b > 0; b /= 2 {
			if z := (size{b, t}); t == 1 || z.total() <= maxPositions {
				sizes = append(sizes, z)
			}
		}
		if t == most {
			return sizes
		}
	}
}

// pass is a run of the Program for one size, with its inputs.
type pass struct {
	size
	feed                          graph.Feed
	tokens, positions, past, last []int32
	sources                       []int32
	taken                         []int // number of new tokens of every row
}

// newPasses allocates the inputs of all sizes. The sizes share the memory. The Program has the first size.
func newPasses(p *graph.Program, sizes []size) ([]*pass, error) {
	if err := checkModel(p, sizes[0]); err != nil {
		return nil, err
	}
	positions, sequences := 0, 0
	for _, z := range sizes {
		positions, sequences = max(positions, z.total()), max(sequences, z.Sequences)
	}
	all := pass{
		tokens: make([]int32, positions), positions: make([]int32, positions),
		past: make([]int32, sequences), last: make([]int32, sequences), sources: make([]int32, sequences), taken: make([]int, sequences),
	}
	passes := make([]*pass, len(sizes))
	for i, z := range sizes {
		b, t := z.Sequences, z.Tokens
		s := &pass{
			size: z, tokens: all.tokens[:b*t], positions: all.positions[:b*t],
			past: all.past[:b], last: all.last[:b], sources: all.sources[:b], taken: all.taken[:b],
		}
		s.feed = graph.Feed{
			"tokens": dense(s.tokens, b, t), "positions": dense(s.positions, b, t), "past": dense(s.past, b), "last": dense(s.last, b),
		}
		if p.InputShape("source_lengths") != nil { // else a model without a source, or with a source of fixed length
			s.feed["source_lengths"] = dense(s.sources, b)
		}
		passes[i] = s
	}
	return passes, nil
}

func dense(ids []int32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(ids))
}

// checkModel returns an error unless a model of one size has the inputs and the output of a Model.
func checkModel(p *graph.Program, z size) error {
	for _, in := range []struct {
		name     string
		shape    []int
		optional bool
	}{
		{"tokens", []int{z.Sequences, z.Tokens}, false}, {"positions", []int{z.Sequences, z.Tokens}, false},
		{"past", []int{z.Sequences}, false}, {"last", []int{z.Sequences}, false}, {"source_lengths", []int{z.Sequences}, true},
	} {
		if have := p.InputShape(in.name); !slices.Equal(have, in.shape) && (have != nil || !in.optional) {
			return errors.Errorf("generate: the model's input %s has shape %v, want %v", in.name, have, in.shape)
		}
	}
	return checkLogits(p.Output("logits"), z.Sequences)
}

// checkLogits returns an error unless a model has logits for b sequences.
func checkLogits(logits *tensor.Dense, b int) error {
	switch {
	case logits == nil:
		return errors.New("generate: the model has no output logits (batch, vocabulary)")
	case logits.Dims() != 2 || logits.Shape()[0] != b:
		return errors.Errorf("generate: the model's output logits has shape %v for %d sequences, want (%d, vocabulary)", logits.Shape(), b, b)
	}
	return nil
}

// fill sets the inputs of row i. Near the end of the window the pass begins with cached tokens, which rewrites their entries. Positions
// after the last token are padding: no token sees them, and later tokens overwrite them.
func (p *pass) fill(i int, r *row, window int) {
	length := len(r.tokens) + r.read
	start := min(length, window-p.Tokens)
	taken := min(r.left(), start+p.Tokens-length)
	end := length + taken
	for j := range p.Tokens {
		p.tokens[i*p.Tokens+j] = r.token(min(start+j, end-1))
		p.positions[i*p.Tokens+j] = int32(start + j)
	}
	p.past[i], p.last[i] = int32(start), int32(i*p.Tokens+max(end-start, 1)-1)
	p.sources[i], p.taken[i] = r.source, taken
}
