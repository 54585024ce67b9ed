package generate

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// BeamOptions configure beam search. The width of the beam is the batch of the Decoder for each prompt. Bias, penalty and NoRepeat apply to the
// log-probabilities, as in Hugging Face's generate.
type BeamOptions struct {
	Tokens    int     // maximum number of tokens in a result; 0 means as many as fit into the window
	MinTokens int     // minimum number of tokens before a stop token
	Stop      []int32 // tokens that end a result; they are not part of it

	Bias              map[int32]float32 // added to the scores of these tokens; -Inf forbids a token
	RepetitionPenalty float64           // multiplies the scores of tokens already in the text, which are negative; 0 means 1
	NoRepeat          int               // length of token sequences that may not repeat, the prompt included; 0 means no limit
	LengthPenalty     float64           // α: the score of n tokens, stop included, is their log-probability divided by n^α; 0 means no penalty
}

// Check returns an error that names the first invalid option.
func (o BeamOptions) Check() error {
	if !finite(o.LengthPenalty) {
		return errors.Errorf("generate: length penalty %g, want a finite number", o.LengthPenalty)
	}
	return o.rules().check(o.Tokens)
}

func (o BeamOptions) rules() *rules {
	return &rules{minTokens: o.MinTokens, stop: o.Stop, bias: o.Bias, repetition: o.RepetitionPenalty, noRepeat: o.NoRepeat}
}

// Hypothesis is a result of beam search. Tokens is empty if a stop token came first.
type Hypothesis struct {
	Tokens []int32
	Score  float64
}

// Beam returns up to Batch likely continuations of a prompt, best first. It extends every beam by every token and keeps the best
// Batch beams. Scores and the end of the search follow Hugging Face's generate without early stopping. For an encoder-decoder, set
// the same source for all sequences first.
func Beam(d *Decoder, prompt []int32, o BeamOptions) ([]Hypothesis, error) {
	all, err := Beams(d, [][]int32{prompt}, o)
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// beam is an unfinished text.
type beam struct {
	sequence int     // the sequence of the Decoder that holds the text except its last token
	text     []int32 // with the prompt
	score    float64 // log-probability
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
	most          int    // tokens of a result
	over          bool   // the search has ended
	live          []beam // best first
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

// kept returns the number of extensions to examine. They fill the beam even if every stop token is among them.
func (s *search) kept() int { return max(2, 1+len(s.Stop)) * s.width }

// expand extends every live beam by every token and keeps the best. Beams that stop are finished. n is the number of generated tokens.
func (s *search) expand(logits [][]float32, n int) error {
	s.extensions = s.extensions[:0]
	for i := range s.live {
		from := &s.live[i]
		row := logits[from.sequence]
		sum := logSum(row, s.exponents)
		if math.IsInf(sum, -1) { // no token may follow
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

// keep makes the best extensions the live beams. An extension that stops is finished only if it ranks among the first width:
// otherwise it would not have been kept as a beam.
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

// done reports whether no live beam can still beat the worst finished result.
func (s *search) done(n int) bool {
	if len(s.live) == 0 {
		return true
	}
	return len(s.finished) == s.width && s.finished[s.width-1].Score >= s.normalized(s.live[0].score, n)
}

// assign gives every live beam a sequence of the Decoder. If several beams continue a sequence, the first keeps it, so that few
// sequences are copied. A sequence without a beam becomes a copy of the best beam's.
func (s *search) assign() (parents []int, next [][]int32) {
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

// results finishes the live beams and returns the best of all finished ones.
func (s *search) results() []Hypothesis {
	for _, x := range s.live {
		s.finish(Hypothesis{x.text[s.prompt:], s.normalized(x.score, len(x.text)-s.prompt)})
	}
	return s.finished
}
