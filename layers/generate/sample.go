package generate

import (
	"math"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// sampler chooses tokens. It reuses its buffers for every token and may serve several texts in turn.
type sampler struct {
	Options
	*rules
	candidates []candidate
	weights    weights
	exponents  []float32
}

func newSampler(o Options, vocab int) (*sampler, error) {
	s := &sampler{Options: o, rules: o.rules(), exponents: make([]float32, vocab)}
	if o.Temperature > 0 {
		n := min(2*s.width(vocab), vocab)
		s.candidates = make([]candidate, 0, n)
		s.weights = weights{bins: make([]uint16, 0, n), room: make([]candidate, 0, n)}
	}
	return s, s.size(vocab)
}

// width returns the number of tokens to choose from.
func (s *sampler) width(vocab int) int {
	if s.TopK > 0 {
		return min(s.TopK, vocab)
	}
	return vocab
}

// next chooses the successor of a text from its logits. n is the number of tokens in text after the prompt. stream makes the draws of
// texts with the same seed independent.
func (s *sampler) next(logits []float32, text []int32, n int, stream uint64) (int32, error) {
	scores := s.scores[:len(logits)]
	for id, l := range logits {
		scores[id] = float64(l)
	}
	s.apply(text, n)
	best := largest(scores)
	if math.IsInf(scores[best], -1) {
		return 0, s.errForbidden(len(text))
	}
	if s.Temperature == 0 {
		return int32(best), nil
	}
	s.weights.set(appendBest(s.candidates[:0], scores, s.width(len(logits))), scores[best], s.Temperature)
	u := kernel.Seed{Key: s.Seed + stream, Stream: 0x73616d706c65}.Uniform(uint64(n)) // a stream that no dropout uses
	return s.draw(u), nil
}

// largest returns the index of the first largest element.
func largest[T float32 | float64](x []T) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// draw returns the token at fraction u of the weights that TopP and MinP keep. Both keep the best tokens, so the sum of their weights
// identifies them.
func (s *sampler) draw(u float64) int32 {
	x, _ := s.weights.at(math.Nextafter(u*s.kept(), math.Inf(1)))
	return x.id
}

// kept returns the sum of the weights that TopP and MinP keep.
func (s *sampler) kept() float64 {
	mass := s.weights.total
	if s.TopP > 0 && s.TopP < 1 {
		_, mass = s.weights.at(s.TopP * mass)
	}
	if s.MinP > 0 {
		mass = min(mass, s.weights.atLeast(s.MinP))
	}
	return mass
}

// logSum returns the logarithm of the sum of the exponentials of the logits. room is a buffer of the same length.
func logSum(logits, room []float32) float64 {
	best := largest(logits)
	if math.IsInf(float64(logits[best]), -1) {
		return math.Inf(-1)
	}
	kernel.Softmax(room, logits, len(logits)) // the largest probability is 1/Σexp(l-max)
	return float64(logits[best]) - math.Log(float64(room[best]))
}
