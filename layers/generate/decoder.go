package generate

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Model is a model that a Decoder can run, such as models.GPT or models.Seq2Seq. The first axis of its states is the batch. A state of
// three or more axes whose second axis has the length of the window holds a row for each token of a sequence. Rows after the last token
// are not read. Passes contain padding, so a recurrent model keeps its state after every token in such rows, as layers.GRU does.
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
	// Decode declares the model for mode Decode: each run reads t tokens of each of b sequences. A Decoder calls it for several b, up
	// to its batch, and several t, up to the window. Inputs, int32: "tokens" and "positions" (b, t); "past" (b); "last" (b), the row
	// b·t+i of the token whose successor is predicted. Output: "logits" (b, vocabulary).
	Decode(b, t int) func(*graph.Scope)
	// Window returns the largest number of tokens in a sequence.
	Window() int
}

// Cached is a Model whose keys and values are kept in a format of few bits: kernel.BF16 takes half of the memory of float32, kernel.Q8_0
// about a quarter. The model's layers choose the caches by graph.Scope.Caches. The keys and values of a source stay as they are.
type Cached struct {
	Model
	Format kernel.Quant
}

// Decoder holds the state of a batch of sequences: their tokens and their cached keys and values.
type Decoder struct {
	params  *graph.Params
	model   Cached
	window  int
	program *graph.Program
	plan    *planner
	caches  []cache
	rows    []row // of the caches
	rowOf   []int // row of every sequence
	logits  [][]float32

	source  *graph.Program // of an EncoderDecoder
	sources graph.Feed
	sourced bool // the sources are set

	verifiers map[int]*verifier // by number of tokens in a pass
	passes    int
}

// NewDecoder builds the Program that decodes batch sequences with these weights, for every size of a pass. The sequences are
// initially empty.
func NewDecoder(params *graph.Params, m Model, batch int) (*Decoder, error) {
	if params == nil || m == nil {
		return nil, errors.Errorf("generate: parameters %t, model %t: want both", params != nil, m != nil)
	}
	if batch < 1 {
		return nil, errors.Errorf("generate: batch of %d sequences, want at least 1", batch)
	}
	if m.Window() < 1 {
		return nil, errors.Errorf("generate: the model's window is %d tokens, want at least 1", m.Window())
	}
	model, ok := m.(Cached)
	if !ok {
		model.Model = m
	}
	d := &Decoder{params: params, model: model, window: m.Window(), verifiers: map[int]*verifier{}}
	sizes := sizesOf(batch, d.window)
	var err error
	if d.program, err = graph.BuildShapes(params, graph.Decode, sizes, func(s *graph.Scope, z size) { model.Decode(z.Sequences, z.Tokens)(s) }); err != nil {
		return nil, err
	}
	d.rows, d.rowOf, d.logits = make([]row, batch), make([]int, batch), make([][]float32, batch) // only now: BuildShapes has checked that the batch fits
	for b := range d.rows {
		d.rows[b].sequence, d.rowOf[b] = b, b
	}
	if d.plan, err = newPlanner(d.program, sizes, batch); err != nil {
		return nil, err
	}
	if e, ok := model.Model.(EncoderDecoder); ok {
		if err := d.addSource(params, e); err != nil {
			return nil, err
		}
	}
	d.caches, err = d.findCaches()
	return d, err
}

// Decode declares the model with its caches in the format.
func (m Cached) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) { m.Model.Decode(b, t)(s.Caching(m.Format)) }
}

// Batch returns the number of sequences.
func (d *Decoder) Batch() int { return len(d.rows) }

// Window returns the largest number of tokens in a sequence.
func (d *Decoder) Window() int { return d.window }

// Len returns the number of tokens in sequence b.
func (d *Decoder) Len(b int) int { return len(d.at(b).tokens) }

// Passes returns the number of passes so far. Each reads all weights once.
func (d *Decoder) Passes() int { return d.passes }

// Memory returns the memory of the Decoder, without its sources.
func (d *Decoder) Memory() graph.Memory { return d.program.Memory() }

// Reset empties all sequences.
func (d *Decoder) Reset() {
	for b := range d.rows {
		d.at(b).clear()
	}
	for b := range d.rows { // so that the passes, and the last digits, do not depend on earlier texts
		d.swap(d.rowOf[b], b)
	}
	d.plan.credit = 0
}

// at returns the row of sequence b.
func (d *Decoder) at(b int) *row { return &d.rows[d.rowOf[b]] }

// Append appends tokens to every sequence and returns the logits of the next token, one row for each sequence. The logits are valid
// until the next call. A sequence that has tokens may get none; Append then returns its logits again, at no cost. It is an
// error, and nothing is appended, if a sequence would exceed the window or remain empty, or if a logit is NaN or +Inf.
//
// Append reads the tokens in passes, each over sequences that have about the same number of tokens left. Which pass reads a token
// changes only the last digits of the logits.
func (d *Decoder) Append(tokens [][]int32) ([][]float32, error) {
	if err := d.check(tokens); err != nil {
		return nil, err
	}
	for b, ts := range tokens {
		d.at(b).begin(ts)
	}
	err := d.read()
	if err == nil {
		err = d.finite()
	}
	for b := range d.rows {
		r := d.at(b)
		r.end(err == nil)
		d.logits[b] = r.logits
	}
	if err != nil {
		return nil, err
	}
	return d.logits, nil
}

// checkPrompt returns an error if a prompt exceeds the window.
func (d *Decoder) checkPrompt(prompt []int32) error {
	if len(prompt) > d.window {
		return errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(prompt), d.window)
	}
	return nil
}

// check returns an error unless the tokens can be appended.
func (d *Decoder) check(tokens [][]int32) error {
	if len(tokens) != d.Batch() {
		return errors.Errorf("generate: tokens for %d sequences, the batch has %d", len(tokens), d.Batch())
	}
	if d.source != nil && !d.sourced {
		return errors.New("generate: the model has an encoder: call SetSources first")
	}
	for b, ts := range tokens {
		n := d.Len(b) + len(ts)
		if n == 0 {
			return errors.Errorf("generate: sequence %d is empty: give it at least one token", b)
		}
		if n > d.window {
			return errors.Errorf("generate: sequence %d would have %d tokens, the model's window is %d: shorten the prompt or generate fewer", b, n, d.window)
		}
	}
	return nil
}

// read runs passes until no row has tokens left.
func (d *Decoder) read() error {
	for {
		p := d.choose()
		if p == nil {
			return nil
		}
		if err := d.run(p); err != nil {
			return err
		}
	}
}

// finite returns an error if a new logit is NaN or +Inf.
func (d *Decoder) finite() error {
	for b := range d.rows {
		r := d.at(b)
		if r.known {
			continue
		}
		if err := checkFinite(b, r.logits); err != nil {
			return err
		}
	}
	return nil
}

// checkFinite returns an error if a logit after sequence b is NaN or +Inf.
func checkFinite(b int, logits []float32) error {
	for id, l := range logits {
		if !(l <= math.MaxFloat32) {
			return errors.Errorf("generate: the logit of token %d after sequence %d is %g: the weights are damaged or their training diverged", id, b, l)
		}
	}
	return nil
}

// run reads the next tokens of the leading rows.
func (d *Decoder) run(p *pass) error {
	rows := d.rows[:p.Sequences]
	for i := range rows {
		p.fill(i, &rows[i], d.window)
	}
	d.passes++
	if err := d.program.Run(p.feed); err != nil {
		return err
	}
	logits := d.program.Output("logits")
	if err := checkLogits(logits, p.Sequences); err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if r.left() == 0 {
			continue
		}
		if r.read += p.taken[i]; r.left() == 0 {
			r.keep(logits, i)
		}
	}
	return nil
}
