package generate

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Model is a model that a Decoder can run, such as models.GPT or models.Seq2Seq. The first axis of its states is the batch. A state of three or more
// axes whose second axis has the length of the window holds a row for each token of a sequence. Rows after the last token are not
// read.
//
// A model that declares its logits with layers.Sequence needs two short methods:
//
//	func (m Model) Window() int { return m.Context }
//
//	func (m Model) Decode(b, t int) func(*graph.Scope) {
//		return func(s *graph.Scope) {
//			tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
//			x := m.Forward(s, tokens, layers.DecodeInputs(s, b, t, m.Context)) // (B, T, C), below the head
//			x = s.Try(ops.Reshape(x, b*t, m.Dim))                              // (B·T, C)
//			x = s.Try(ops.Embedding(x, last))                                  // (B, C)
//			s.Output("logits", m.Head(s, x))                                   // (B, V)
//		}
//	}
type Model interface {
	// Decode declares the model for mode Decode: each run reads t tokens of each of b sequences. Inputs, int32: "tokens" and
	// "positions" (b, t); "past" (b); "last" (b), the row b·t+i of the token whose successor is predicted. Output: "logits"
	// (b, vocabulary).
	Decode(b, t int) func(*graph.Scope)
	// Window returns the largest number of tokens in a sequence.
	Window() int
}

// chunk is the number of tokens that a run over a prompt reads: enough for matrix products to run at full speed.
const chunk = 64

// Decoder holds the state of a batch of sequences: their tokens and their cached keys and values.
type Decoder struct {
	window   int
	tokens   [][]int32 // of every sequence
	programs []*stepper
	source   *graph.Program // of an EncoderDecoder
	sources  graph.Feed
	sourced  bool // the sources are set
	logits   [][]float32

	spareTokens []int32 // buffers of one sequence, for swapping sequences
	spare32     []float32
	spare64     []float64
}

// NewDecoder builds the Programs that decode batch sequences with these weights. The sequences are initially empty.
func NewDecoder(params *graph.Params, m Model, batch int) (*Decoder, error) {
	if params == nil || m == nil {
		return nil, errors.Errorf("generate: parameters %t, model %t: want both", params != nil, m != nil)
	}
	if batch < 1 {
		return nil, errors.Errorf("generate: batch of %d sequences, want at least 1", batch)
	}
	d := &Decoder{window: m.Window()}
	one, err := d.add(params, m, batch, 1)
	if err != nil {
		return nil, err
	}
	d.tokens, d.logits = make([][]int32, batch), make([][]float32, batch) // only now: Build has checked that the batch fits
	if t := min(chunk, d.window); t > 1 {
		many, err := d.add(params, m, batch, t)
		if err != nil {
			return nil, err
		}
		if err := many.ShareStates(one.Program); err != nil {
			return nil, err
		}
	}
	if e, ok := m.(EncoderDecoder); ok {
		if err := d.addSource(params, e); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Batch returns the number of sequences.
func (d *Decoder) Batch() int { return len(d.tokens) }

// Window returns the largest number of tokens in a sequence.
func (d *Decoder) Window() int { return d.window }

// Len returns the number of tokens in sequence b.
func (d *Decoder) Len(b int) int { return len(d.tokens[b]) }

// Reset empties all sequences.
func (d *Decoder) Reset() {
	for b := range d.tokens {
		d.tokens[b] = d.tokens[b][:0]
	}
}

// checkPrompt returns an error if a prompt exceeds the window.
func (d *Decoder) checkPrompt(prompt []int32) error {
	if len(prompt) > d.window {
		return errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(prompt), d.window)
	}
	return nil
}

// Append appends tokens to every sequence and returns the logits of the next token, one row for each sequence. The logits are valid
// until the next call. A sequence that has tokens may get none; Append then returns its logits again. It is an error, and
// nothing is appended, if a sequence would exceed the window or remain empty, or if a logit is NaN or +Inf.
func (d *Decoder) Append(tokens [][]int32) ([][]float32, error) {
	if len(tokens) != d.Batch() {
		return nil, errors.Errorf("generate: tokens for %d sequences, the batch has %d", len(tokens), d.Batch())
	}
	if d.source != nil && !d.sourced {
		return nil, errors.New("generate: the model has an encoder: call SetSources first")
	}
	longest := 1
	for b, ts := range tokens {
		n := len(d.tokens[b]) + len(ts)
		if n == 0 {
			return nil, errors.Errorf("generate: sequence %d is empty: give it at least one token", b)
		}
		if n > d.window {
			return nil, errors.Errorf("generate: sequence %d would have %d tokens, the model's window is %d: shorten the prompt or generate fewer", b, n, d.window)
		}
		longest = max(longest, len(ts))
	}
	for done := 0; done < longest; {
		p := d.choose(tokens, done, longest)
		if err := d.run(p, tokens, done); err != nil {
			return nil, err
		}
		done += p.t
	}
	for b, row := range d.logits {
		for id, l := range row {
			if !(l <= math.MaxFloat32) {
				return nil, errors.Errorf("generate: the logit of token %d after sequence %d is %g: the weights are damaged or their training diverged", id, b, l)
			}
		}
	}
	for b, ts := range tokens {
		d.tokens[b] = append(d.tokens[b], ts...)
	}
	return d.logits, nil
}

// choose returns the Program for many tokens if more than one token is left and its rows fit into the caches.
func (d *Decoder) choose(tokens [][]int32, done, longest int) *stepper {
	one, many := d.programs[0], d.programs[len(d.programs)-1]
	if longest-done == 1 {
		return one
	}
	for b := range tokens {
		if start, _ := d.span(tokens, b, done, many.t); start+many.t > d.window {
			return one
		}
	}
	return many
}

// span returns the first position of a run of t rows in sequence b, and the number of valid rows. Earlier runs have read done of the
// new tokens. A finished sequence repeats its last token, which rewrites the same cache entry.
func (d *Decoder) span(tokens [][]int32, b, done, t int) (start, n int) {
	if done < len(tokens[b]) {
		return len(d.tokens[b]) + done, min(t, len(tokens[b])-done)
	}
	return len(d.tokens[b]) + len(tokens[b]) - 1, 1
}

// at returns token i of sequence b, including the tokens being appended.
func (d *Decoder) at(tokens [][]int32, b, i int) int32 {
	if i < len(d.tokens[b]) {
		return d.tokens[b][i]
	}
	return tokens[b][i-len(d.tokens[b])]
}

func (d *Decoder) run(p *stepper, tokens [][]int32, done int) error {
	for b := range tokens {
		start, n := d.span(tokens, b, done, p.t)
		p.past[b], p.last[b] = int32(start), int32(b*p.t+n-1)
		for i := range p.t {
			// Rows after the last token are padding: no token sees them, and later tokens overwrite them.
			p.tokens[b*p.t+i] = d.at(tokens, b, start+min(i, n-1))
			p.positions[b*p.t+i] = int32(start + i)
		}
	}
	if err := p.Run(p.feed); err != nil {
		return err
	}
	d.keep(p.Output("logits"), tokens, done, p.t)
	return nil
}

// keep copies the logits of the sequences whose last new token was in this run.
func (d *Decoder) keep(logits *tensor.Dense, tokens [][]int32, done, t int) {
	v := logits.Shape()[1]
	for b := range tokens {
		if n := max(len(tokens[b]), 1); done+t < n || done >= n {
			continue
		}
		if d.logits[b] == nil {
			d.logits[b] = make([]float32, v)
		}
		if logits.Dtype() == tensor.Float64 {
			for i, x := range logits.Float64s()[b*v:][:v] {
				d.logits[b][i] = float32(x)
			}
			continue
		}
		copy(d.logits[b], logits.Float32s()[b*v:][:v])
	}
}
