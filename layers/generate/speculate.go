package generate

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Verifier is a Model that can give the logits after every token of a pass, as Options.Speculate needs. For one sequence and up to
// kernel.FewRows tokens, the logits must have the bits of Decode, token by token. Those of this module's causal models have them, because
// every row of a small product is computed as if it were alone.
type Verifier interface {
	Model
	// Verify declares Decode with the logits after every token: it has no input "last", and its output is "logits" (b·t, vocabulary).
	Verify(b, t int) func(*graph.Scope)
}

// MaxSpeculate is the largest Options.Speculate. A pass reads one token more.
const MaxSpeculate = kernel.FewRows - 1

// verifier is the Program that reads several tokens of one sequence and returns the logits after each.
type verifier struct {
	program                 *graph.Program
	feed                    graph.Feed
	tokens, positions, past []int32
}

// verifier returns the Program for passes of t tokens. It shares the caches.
func (d *Decoder) verifier(t int) (*verifier, error) {
	if v := d.verifiers[t]; v != nil {
		return v, nil
	}
	m, ok := d.model.Model.(Verifier)
	switch {
	case !ok || d.source != nil:
		return nil, errors.Errorf("generate: speculate: %T gives no logits after every token of a pass: read one token at a time", d.model.Model)
	case d.Batch() != 1:
		return nil, errors.Errorf("generate: speculate: a decoder for %d sequences, want 1", d.Batch())
	}
	v := &verifier{tokens: make([]int32, t), positions: make([]int32, t), past: make([]int32, 1)}
	v.feed = graph.Feed{"tokens": dense(v.tokens, 1, t), "positions": dense(v.positions, 1, t), "past": dense(v.past, 1)}
	var err error
	if v.program, err = graph.Build(d.params, graph.Decode, func(s *graph.Scope) { m.Verify(1, t)(s.Caching(d.model.Format)) }); err != nil {
		return nil, err
	}
	if err := v.program.ShareStates(d.program); err != nil {
		return nil, err
	}
	if err := checkLogits(v.program.Output("logits"), t); err != nil {
		return nil, err
	}
	d.verifiers[t] = v
	return v, nil
}

// run reads tokens after past tokens of the sequence. It repeats the last one if there are fewer than in a pass.
func (v *verifier) run(past int, tokens []int32) (logits *tensor.Dense, err error) {
	v.past[0] = int32(past)
	for i := range v.tokens {
		v.tokens[i], v.positions[i] = tokens[min(i, len(tokens)-1)], int32(past+i)
	}
	if err := v.program.Run(v.feed); err != nil {
		return nil, err
	}
	return v.program.Output("logits"), nil
}

// lookahead reads a token of the only text together with proposed successors.
type lookahead struct {
	*Decoder
	verifier *verifier
	logits   *tensor.Dense // of the last pass
	used     int           // number of its tokens that are part of the text
	proposed []int32       // its other tokens
}

// lookahead returns nil if n is 0.
func (d *Decoder) lookahead(n int) (*lookahead, error) {
	n = min(n, d.window-1)
	if n == 0 {
		return nil, nil
	}
	v, err := d.verifier(n + 1)
	return &lookahead{Decoder: d, verifier: v}, err
}

// advance is Append of the last tokens of a text. It does nothing if the last pass has read the token already.
func (l *lookahead) advance(text []int32, next [][]int32) ([][]float32, error) {
	r := l.at(0)
	if len(next[0]) != 1 || len(r.tokens) == 0 { // the window has slid
		l.proposed = nil
		return l.Append(next)
	}
	id := next[0][0]
	if len(l.proposed) > 0 && l.proposed[0] == id {
		l.proposed = l.proposed[1:]
		return l.accept(r, id)
	}
	l.proposed = nil
	if len(r.tokens)+len(l.verifier.tokens) > l.window {
		return l.Append(next)
	}
	proposed := propose(text, len(l.verifier.tokens)-1)
	if len(proposed) == 0 {
		return l.Append(next)
	}
	l.passes++
	var err error
	if l.logits, err = l.verifier.run(len(r.tokens), append([]int32{id}, proposed...)); err != nil {
		return nil, err
	}
	l.used, l.proposed = 0, proposed
	return l.accept(r, id)
}

// accept makes the next token of the pass part of the text.
func (l *lookahead) accept(r *row, id int32) ([][]float32, error) {
	r.begin([]int32{id})
	r.keep(l.logits, l.used)
	l.used++
	err := checkFinite(0, r.logits)
	r.end(err == nil)
	if err != nil {
		l.proposed = nil
		return nil, err
	}
	l.Decoder.logits[0] = r.logits
	return l.Decoder.logits, nil
}

// The numbers of last tokens that an earlier place of the text must share.
const (
	leastShared = 3
	mostShared  = 16
)

// propose returns n likely successors of a text: the tokens that followed the earlier place that shares the most last tokens with the end
// of the text, and of several such places the last. It returns none if no place shares enough.
func propose(text []int32, n int) []int32 {
	shared, at := leastShared-1, 0
	for end := len(text) - 1; end > shared && shared < mostShared; end-- {
		same := 0
		for same < min(mostShared, end) && text[end-1-same] == text[len(text)-1-same] {
			same++
		}
		if same > shared {
			shared, at = same, end
		}
	}
	if at == 0 {
		return nil
	}
	all := text[at:len(text):len(text)]
	for i := 0; len(all) < n; i++ { // the text repeats itself: so do its successors
		all = append(all, all[i])
	}
	return all[:n]
}
