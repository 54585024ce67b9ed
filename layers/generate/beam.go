package generate

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// BeamOptions say how beam search goes. The width of the beam is the batch of the Decoder. Bias, penalty and NoRepeat apply to the
// logarithms of the probabilities, as in Hugging Face's generate.
type BeamOptions struct {
	Tokens    int     // the most tokens of a result; 0 means as many as fit into the window
	MinTokens int     // a stop token cannot come before so many tokens
	Stop      []int32 // tokens that end a result; they are not part of it

	Bias              map[int32]float32 // added to the scores of these tokens; -Inf forbids a token
	RepetitionPenalty float64           // multiplies the scores, which are negative, of tokens already in the text; 0 means 1
	NoRepeat          int               // no sequence of so many tokens comes twice, the prompt included; 0 means that all may
	LengthPenalty     float64           // α: a result of n tokens, stop included, scores its log-probability divided by n^α; 0 means no penalty
}

// Check reports an option that makes no sense.
func (o BeamOptions) Check() error {
	if !finite(o.LengthPenalty) {
		return errors.Errorf("generate: length penalty %g, want a finite number", o.LengthPenalty)
	}
	return o.rules().check(o.Tokens)
}

func (o BeamOptions) rules() *rules {
	return &rules{minTokens: o.MinTokens, stop: o.Stop, bias: o.Bias, repetition: o.RepetitionPenalty, noRepeat: o.NoRepeat}
}

// Hypothesis is a result of beam search. It has no tokens if a stop token came first.
type Hypothesis struct {
	Tokens []int32
	Score  float64
}

// Beam finds likely continuations of a prompt by beam search: the best Batch beginnings are kept and continued in every way. It
// returns up to Batch results, the best first; scores and the end of the search are those of Hugging Face's generate without early
// stopping. For an encoder-decoder, set the same source for all sequences first.
func Beam(d *Decoder, prompt []int32, o BeamOptions) ([]Hypothesis, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	most := d.Window() - len(prompt) + 1 // the last token is chosen, not read
	if most < 1 {
		return nil, errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(prompt), d.Window())
	}
	if o.Tokens > 0 {
		most = min(most, o.Tokens)
	}
	d.Reset()
	logits, err := d.Append(slices.Repeat([][]int32{prompt}, d.Batch()))
	if err != nil {
		return nil, err
	}
	s, err := newSearch(o, d.Batch(), len(logits[0]), prompt)
	if err != nil {
		return nil, err
	}
	for n := 1; n <= most; n++ {
		if err := s.expand(logits, n); err != nil {
			return nil, err
		}
		if n == most || s.done(n) {
			break
		}
		parents, next := s.turn()
		if err := d.reorder(parents, n == 1); err != nil { // all sources are that of the first sequence from then on
			return nil, err
		}
		if logits, err = d.Append(next); err != nil {
			return nil, err
		}
	}
	return s.results(), nil
}

// beam is a beginning, the sequence of the Decoder that holds it but for its last token, and its log-probability.
type beam struct {
	sequence int
	text     []int32 // with the prompt
	score    float64
}

// extension is a beam with one more token.
type extension struct {
	from  *beam
	id    int32
	score float64
}

type search struct {
	BeamOptions
	*rules
	width, prompt int
	live          []beam // the best first
	finished      []Hypothesis

	candidates []candidate
	extensions []extension
	exponents  []float32
}

func newSearch(o BeamOptions, width, vocab int, prompt []int32) (*search, error) {
	s := &search{
		BeamOptions: o, rules: o.rules(), width: width, prompt: len(prompt), live: []beam{{text: slices.Clone(prompt)}},
		exponents: make([]float32, vocab),
	}
	s.candidates = make([]candidate, 0, 2*s.kept())
	return s, s.size(vocab)
}

// kept is the number of extensions that are looked at: enough for a full beam if all stop tokens come first.
func (s *search) kept() int { return max(2, 1+len(s.Stop)) * s.width }

// expand continues every live beam in every way and keeps the best; those that stop are finished. n is the number of generated tokens.
func (s *search) expand(logits [][]float32, n int) error {
	s.extensions = s.extensions[:0]
	for i := range s.live {
		from := &s.live[i]
		row := logits[from.sequence]
		sum := logSum(row, s.exponents)
		if math.IsInf(sum, -1) { // nothing follows
			continue
		}
		for id, l := range row {
			s.scores[id] = float64(l) - sum
		}
		s.apply(from.text, n-1)
		c := appendBest(s.candidates[:0], s.scores, s.kept())
		slices.SortFunc(c, byRank)
		for _, x := range c {
			s.extensions = append(s.extensions, extension{from, x.id, from.score + x.p})
		}
	}
	slices.SortStableFunc(s.extensions, func(a, b extension) int { return cmp.Compare(b.score, a.score) })
	s.keep(n)
	if len(s.live) == 0 && len(s.finished) == 0 {
		return s.errForbidden(s.prompt + n - 1)
	}
	return nil
}

// keep makes the best extensions the live beams. One that stops far down the list is dropped: it would not have been kept as a beam.
func (s *search) keep(n int) {
	var live []beam
	for i, x := range s.extensions[:min(len(s.extensions), s.kept())] {
		switch {
		case !slices.Contains(s.Stop, x.id):
			if len(live) < s.width {
				live = append(live, beam{x.from.sequence, append(slices.Clip(x.from.text), x.id), x.score})
			}
		case i < s.width:
			s.finish(Hypothesis{x.from.text[s.prompt:], s.normalized(x.score, n)})
		}
	}
	s.live = live
}

func (s *search) normalized(score float64, n int) float64 {
	return score / math.Pow(float64(n), s.LengthPenalty)
}

func (s *search) finish(h Hypothesis) {
	s.finished = append(s.finished, h)
	slices.SortStableFunc(s.finished, func(a, b Hypothesis) int { return cmp.Compare(b.Score, a.Score) })
	s.finished = s.finished[:min(len(s.finished), s.width)]
}

// done reports whether no live beam can still beat the worst result.
func (s *search) done(n int) bool {
	if len(s.live) == 0 {
		return true
	}
	return len(s.finished) == s.width && s.finished[s.width-1].Score >= s.normalized(s.live[0].score, n)
}

// turn gives every live beam a sequence of the Decoder. The first of the beams that continue a sequence keeps it, so that few
// sequences are copied. A sequence without a beam becomes that of the best one.
func (s *search) turn() (parents []int, next [][]int32) {
	parents, next = make([]int, s.width), make([][]int32, s.width)
	for b := range parents {
		parents[b] = -1
	}
	var moved []*beam
	for i := range s.live {
		x := &s.live[i]
		if parents[x.sequence] >= 0 {
			moved = append(moved, x)
			continue
		}
		parents[x.sequence], next[x.sequence] = x.sequence, x.text[len(x.text)-1:]
	}
	for b, p := range parents {
		switch {
		case p >= 0:
		case len(moved) > 0:
			x := moved[0]
			parents[b], next[b] = x.sequence, x.text[len(x.text)-1:]
			x.sequence, moved = b, moved[1:]
		default:
			parents[b] = s.live[0].sequence
		}
	}
	return parents, next
}

// results are the best of the finished beams and of those that were alive at the end.
func (s *search) results() []Hypothesis {
	for _, x := range s.live {
		s.finish(Hypothesis{x.text[s.prompt:], s.normalized(x.score, len(x.text)-s.prompt)})
	}
	return s.finished
}
