package generate

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// rules change the scores of the tokens that may follow a text. They reuse their buffers for every token.
type rules struct {
	minTokens                       int
	stop                            []int32
	bias                            map[int32]float32
	repetition, frequency, presence float64
	noRepeat                        int

	scores []float64 // of every token of the vocabulary
	biases []bias    // bias as a list, which iterates faster
	counts []int32   // occurrences of each token of the vocabulary in a text; 0 between calls
}

type bias struct {
	id  int32
	add float64
}

// size allocates the buffers for a vocabulary and checks the ids of bias.
func (r *rules) size(vocab int) error {
	r.scores, r.counts = make([]float64, vocab), make([]int32, vocab)
	for id, b := range r.bias {
		if int(id) >= vocab {
			return errors.Errorf("generate: bias of token %d: the model's vocabulary has %d tokens", id, vocab)
		}
		r.biases = append(r.biases, bias{id, float64(b)})
	}
	return nil
}

// apply changes r.scores, the scores of the successor of text. generated is the number of tokens in text after the prompt. The
// score of a forbidden token becomes -Inf. The order is Hugging Face's, with OpenAI's penalties after the repetition penalty.
func (r *rules) apply(text []int32, generated int) {
	for _, b := range r.biases {
		r.scores[b.id] += b.add
	}
	if r.repetition != 0 && r.repetition != 1 {
		r.each(text, func(id, _ int32) { r.penalize(id, penalized(r.scores[id], r.repetition)) })
	}
	if r.frequency != 0 || r.presence != 0 {
		r.each(text[len(text)-generated:], func(id, n int32) { r.penalize(id, r.scores[id]-r.frequency*float64(n)-r.presence) })
	}
	if r.noRepeat > 0 {
		r.forbidRepeats(text)
	}
	if generated < r.minTokens {
		for _, id := range r.stop {
			r.forbid(id)
		}
	}
}

// penalize sets the score of a token that is not forbidden. The score stays finite, so that no penalty forbids a token.
func (r *rules) penalize(id int32, score float64) {
	if !math.IsInf(r.scores[id], -1) {
		r.scores[id] = max(-math.MaxFloat64, min(score, math.MaxFloat64))
	}
}

func penalized(score, penalty float64) float64 {
	if score > 0 {
		return score / penalty
	}
	return score * penalty
}

// each calls do once for every distinct token of a text, with its number of occurrences n.
func (r *rules) each(text []int32, do func(id, n int32)) {
	for _, id := range text {
		if int(id) < len(r.counts) {
			r.counts[id]++
		}
	}
	for _, id := range text {
		if int(id) < len(r.counts) && r.counts[id] > 0 {
			do(id, r.counts[id])
			r.counts[id] = 0
		}
	}
}

// forbidRepeats forbids the tokens that follow earlier occurrences of the last noRepeat-1 tokens of the text.
func (r *rules) forbidRepeats(text []int32) {
	n := r.noRepeat - 1
	if len(text) <= n {
		return
	}
	last := text[len(text)-n:]
	for i, id := range text[n:] {
		if slices.Equal(text[i:i+n], last) {
			r.forbid(id)
		}
	}
}

func (r *rules) forbid(id int32) {
	if int(id) < len(r.scores) {
		r.scores[id] = math.Inf(-1)
	}
}

// errForbidden returns the error of a step in which no token may follow.
func (r *rules) errForbidden(read int) error {
	return errors.Errorf("generate: no token may follow the first %d: the logits, Bias, NoRepeat and MinTokens forbid all %d of the vocabulary", read, len(r.scores))
}
