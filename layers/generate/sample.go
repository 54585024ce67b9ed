package generate

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Options say how tokens are chosen. The zero value takes the most likely one each time. The filters apply in the order of the
// fields, as in Hugging Face's generate.
type Options struct {
	Tokens            int     // how many to generate; 0 means until a stop token or the end of a window that does not slide
	Stop              []int32 // tokens that end the text; they are not part of it
	RepetitionPenalty float64 // divides positive logits of tokens already in the text, multiplies negative ones (Keskar et al. 2019); 0 means 1
	Temperature       float64 // divides the logits; 0 means the most likely token, without chance
	TopK              int     // only the K most likely tokens; 0 means all
	TopP              float64 // only the most likely tokens that together have probability P (Holtzman et al. 2020); 0 means all
	MinP              float64 // only tokens at least MinP times as likely as the most likely one (Nguyen et al. 2024); 0 means all
	Seed              uint64  // of the chance: the same seed gives the same text
}

// Check reports an option that makes no sense.
func (o Options) Check() error {
	switch {
	case o.Tokens < 0:
		return errors.Errorf("generate: %d tokens, want at least 0", o.Tokens)
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 1):
		return errors.Errorf("generate: temperature %g, want a finite number of at least 0", o.Temperature)
	case o.TopK < 0:
		return errors.Errorf("generate: top-k %d, want at least 0", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return errors.Errorf("generate: top-p %g is not in 0…1", o.TopP)
	case !(o.MinP >= 0 && o.MinP <= 1):
		return errors.Errorf("generate: min-p %g is not in 0…1", o.MinP)
	case !(o.RepetitionPenalty >= 0) || math.IsInf(o.RepetitionPenalty, 1):
		return errors.Errorf("generate: repetition penalty %g, want a finite number of more than 0", o.RepetitionPenalty)
	}
	return nil
}

// candidate is a token and its logit, later its probability.
type candidate struct {
	id int32
	p  float64
}

// sampler chooses tokens; it keeps its memory from token to token.
type sampler struct {
	Options
	candidates []candidate
	drawn      uint64
}

// next chooses the successor of history by its logits.
func (s *sampler) next(logits []float32, history []int32) int32 {
	s.candidates = s.candidates[:0]
	for i, l := range logits {
		s.candidates = append(s.candidates, candidate{int32(i), float64(l)})
	}
	s.penalize(history)
	if s.Temperature == 0 {
		return slices.MaxFunc(s.candidates, byLogit).id
	}
	for i := range s.candidates {
		s.candidates[i].p /= s.Temperature
	}
	return s.draw(s.filter())
}

// byLogit puts the lower id above a higher one of the same logit, so that ties do not depend on the search.
func byLogit(a, b candidate) int {
	return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(b.id, a.id))
}

func (s *sampler) penalize(history []int32) {
	if s.RepetitionPenalty == 0 || s.RepetitionPenalty == 1 {
		return
	}
	seen := map[int32]bool{}
	for _, id := range history {
		if seen[id] || int(id) >= len(s.candidates) {
			continue
		}
		seen[id] = true
		if c := &s.candidates[id]; c.p > 0 {
			c.p /= s.RepetitionPenalty
		} else {
			c.p *= s.RepetitionPenalty
		}
	}
}

// filter returns the tokens that may follow, the most likely first, with probabilities that sum to 1.
func (s *sampler) filter() []candidate {
	c := s.candidates
	slices.SortFunc(c, func(a, b candidate) int { return byLogit(b, a) })
	if s.TopK > 0 && s.TopK < len(c) {
		c = c[:s.TopK]
	}
	normalize(c)
	if s.TopP > 0 && s.TopP < 1 {
		sum, n := 0.0, 0
		for n < len(c) && sum < s.TopP {
			sum += c[n].p
			n++
		}
		c = c[:n]
	}
	if s.MinP > 0 {
		least := s.MinP * c[0].p
		n := len(c)
		for n > 1 && c[n-1].p < least {
			n--
		}
		c = c[:n]
	}
	sum := 0.0
	for _, x := range c {
		sum += x.p
	}
	for i := range c {
		c[i].p /= sum
	}
	return c
}

// normalize turns logits, the largest first, into probabilities.
func normalize(c []candidate) {
	most, sum := c[0].p, 0.0
	for i := range c {
		c[i].p = math.Exp(c[i].p - most)
		sum += c[i].p
	}
	for i := range c {
		c[i].p /= sum
	}
}

func (s *sampler) draw(c []candidate) int32 {
	u := kernel.Seed{Key: s.Seed, Stream: 0x73616d706c65}.Uniform(s.drawn) // a stream that no dropout uses
	s.drawn++
	for _, x := range c {
		if u -= x.p; u < 0 {
			return x.id
		}
	}
	return c[len(c)-1].id
}
