package generate

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// BeamOptions say how beam search goes. The width of the beam is the batch of the Decoder.
type BeamOptions struct {
	Tokens        int     // the most tokens of a result; 0 means what fits into the window
	Stop          int32   // the token that ends a result; it is not part of it
	LengthPenalty float64 // α: a result of n tokens, stop included, scores its log-probability divided by n^α; 0 means no penalty
}

// Hypothesis is a result of beam search.
type Hypothesis struct {
	Tokens []int32
	Score  float64
}

// Beam finds likely continuations of a prompt by beam search: the best Batch beginnings are kept and continued in every way. It
// returns up to Batch results, the best first; scores and the end of the search are those of Hugging Face's generate without early
// stopping. For an encoder-decoder, set the same source for all sequences first.
func Beam(d *Decoder, prompt []int32, o BeamOptions) ([]Hypothesis, error) {
	most := d.Window() - len(prompt) + 1 // the last token is chosen, not read
	if most < 1 {
		return nil, errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(prompt), d.Window())
	}
	if o.Tokens < 0 || !(math.Abs(o.LengthPenalty) <= math.MaxFloat64) {
		return nil, errors.Errorf("generate: %d tokens and length penalty %g, want at least 0 and a finite number", o.Tokens, o.LengthPenalty)
	}
	if o.Tokens > 0 {
		most = min(most, o.Tokens)
	}
	d.Reset()
	logits, err := d.Append(slices.Repeat([][]int32{prompt}, d.Batch()))
	if err != nil {
		return nil, err
	}
	s := &search{BeamOptions: o, width: d.Batch(), live: []beam{{}}}
	for n := 1; n <= most; n++ {
		s.expand(logits, n)
		if n == most || s.done(n) {
			break
		}
		parents, next := s.turn()
		if err := d.Reorder(parents); err != nil {
			return nil, err
		}
		if logits, err = d.Append(next); err != nil {
			return nil, err
		}
	}
	return s.results(), nil
}

// beam is a beginning, the sequence of the Decoder that it continues, and its log-probability.
type beam struct {
	parent int
	tokens []int32
	score  float64
}

type search struct {
	BeamOptions
	width    int
	live     []beam
	finished []Hypothesis
}

// expand continues every live beam in every way and keeps the best; those that stop are finished.
func (s *search) expand(logits [][]float32, n int) {
	var all []beam
	for b, from := range s.live {
		lse := logSumExp(logits[b])
		for _, c := range best(logits[b], 2*s.width) {
			all = append(all, beam{b, append(slices.Clip(slices.Clone(from.tokens)), c.id), from.score + c.p - lse})
		}
	}
	slices.SortStableFunc(all, func(a, b beam) int { return cmp.Compare(b.score, a.score) })
	s.live = nil
	for i, x := range all[:min(len(all), 2*s.width)] {
		switch {
		case x.tokens[len(x.tokens)-1] != s.Stop:
			if len(s.live) < s.width {
				s.live = append(s.live, x)
			}
		case i < s.width: // a stop far down the list would not have been kept as a beam either
			s.finish(Hypothesis{x.tokens[:len(x.tokens)-1], s.normalized(x.score, n)})
		}
	}
}

func (s *search) normalized(score float64, n int) float64 {
	return score / math.Pow(float64(n), s.LengthPenalty)
}

func (s *search) finish(h Hypothesis) {
	s.finished = append(s.finished, h)
	slices.SortStableFunc(s.finished, func(a, b Hypothesis) int { return cmp.Compare(b.Score, a.Score) })
	s.finished = s.finished[:min(len(s.finished), s.width)]
}

// done says whether no live beam can still beat the worst result.
func (s *search) done(n int) bool {
	if len(s.live) == 0 {
		return true
	}
	return len(s.finished) == s.width && s.finished[s.width-1].Score >= s.normalized(s.live[0].score, n)
}

// turn makes the live beams the sequences of the Decoder.
func (s *search) turn() (parents []int, next [][]int32) {
	for b := range s.width {
		x := s.live[min(b, len(s.live)-1)] // fewer live beams than sequences: the last is repeated and not looked at
		parents = append(parents, x.parent)
		next = append(next, x.tokens[len(x.tokens)-1:])
	}
	return parents, next
}

// results are the best of the finished beams and of those that were alive at the end.
func (s *search) results() []Hypothesis {
	for _, x := range s.live {
		s.finish(Hypothesis{x.tokens, s.normalized(x.score, len(x.tokens))})
	}
	return s.finished
}

func logSumExp(x []float32) float64 {
	most := float64(slices.Max(x))
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - most)
	}
	return most + math.Log(sum)
}

// best is the n largest logits, largest first.
func best(x []float32, n int) []candidate {
	all := make([]candidate, len(x))
	for i, v := range x {
		all[i] = candidate{int32(i), float64(v)}
	}
	slices.SortFunc(all, func(a, b candidate) int { return byLogit(b, a) })
	return all[:min(n, len(all))]
}
