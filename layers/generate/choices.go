package generate

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// Choice is a token that may follow a text.
type Choice struct {
	ID          int32
	Probability float64 // after bias, penalties, temperature and filters
}

// Choices returns the tokens that may follow a text and their probabilities, most likely first. Tokens draws the next token with exactly
// these probabilities. logits are the model's, for each token of the vocabulary. generated is the number of tokens in text after the
// prompt.
func Choices(logits []float32, text []int32, generated int, o Options) ([]Choice, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if generated < 0 || generated > len(text) {
		return nil, errors.Errorf("generate: choices: %d generated tokens, want 0 … %d, the length of the text", generated, len(text))
	}
	s, err := newSampler(o, len(logits))
	if err != nil {
		return nil, err
	}
	for id, l := range logits {
		if math.IsNaN(float64(l)) || math.IsInf(float64(l), 1) {
			return nil, errors.Errorf("generate: choices: the logit of token %d is %g, want a finite number", id, l)
		}
		s.scores[id] = float64(l)
	}
	if len(logits) == 0 {
		return nil, errors.New("generate: choices: no logits, want one for each token of the vocabulary")
	}
	s.apply(text, generated)
	best := largest(s.scores)
	if math.IsInf(s.scores[best], -1) {
		return nil, s.errForbidden(len(text))
	}
	if s.Temperature == 0 {
		return []Choice{{int32(best), 1}}, nil
	}
	return s.choices(best), nil
}

// choices returns the candidates that draw can return.
func (s *sampler) choices(best int) []Choice {
	s.weights.set(appendBest(s.candidates[:0], s.scores, s.width(len(s.scores))), s.scores[best], s.Temperature)
	all := slices.SortedFunc(slices.Values(s.weights.all), byRank)
	mass := s.kept()
	var c []Choice
	sum := 0.0
	for _, x := range all {
		c = append(c, Choice{x.id, min(x.p, max(mass-sum, 0)) / mass})
		if sum += x.p; sum >= mass {
			break
		}
	}
	return c
}
