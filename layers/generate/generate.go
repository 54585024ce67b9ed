package generate

import (
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// Token is a generated token.
type Token struct {
	ID      int32
	LogProb float64 // natural logarithm of the model's probability, before bias, penalties, temperature and filters
}

func (t Token) id() int32   { return t.ID }
func (t Token) self() Token { return t }

// Tokens generates the continuation of a prompt, one token at a time. It needs a Decoder for one sequence, and empties it first. It
// ends after o.Tokens tokens, at a stop token, or with an error.
//
// A prompt longer than the window is an error. Without o.Slide the text ends when the window is full, which is an error if o.Tokens
// or o.MinTokens asks for more. With o.Slide, generation continues past the window: its second half is re-encoded from position 0.
// This suits models trained on windows that begin anywhere in a text, such as models.GPT. The targets of an EncoderDecoder begin
// at position 0, so o.Slide is an error for them.
func Tokens(d *Decoder, prompt []int32, o Options) iter.Seq2[int32, error] {
	return stream(d, prompt, o, false, Token.id)
}

// Scored is Tokens with the probability of each token.
func Scored(d *Decoder, prompt []int32, o Options) iter.Seq2[Token, error] {
	return stream(d, prompt, o, true, Token.self)
}

// stream continues one prompt and yields a result for each token.
func stream[T any](d *Decoder, prompt []int32, o Options, score bool, of func(Token) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		w := writer{Decoder: d, Options: o, score: score, whole: true, yield: func(_ int, t Token) bool { return yield(of(t), nil) }}
		var none T
		if d.Batch() != 1 {
			yield(none, errors.Errorf("generate: a decoder for %d sequences, want 1", d.Batch()))
		} else if err := w.run([][]int32{prompt}); err != nil {
			yield(none, err)
		}
	}
}

// Batch generates the continuation of each prompt and returns the new tokens. It needs a Decoder for as many sequences as prompts, and
// empties it first. For an encoder-decoder, set the sources first. A sequence ends at a stop token, after o.Tokens tokens or, without
// o.Slide, when the window is full. Sequence b draws like Tokens with a Seed of o.Seed+b.
func Batch(d *Decoder, prompts [][]int32, o Options) ([][]int32, error) {
	return batch(d, prompts, o, false, Token.id)
}

// ScoredBatch is Batch with the probability of each token.
func ScoredBatch(d *Decoder, prompts [][]int32, o Options) ([][]Token, error) {
	return batch(d, prompts, o, true, Token.self)
}

// batch continues each prompt and returns a result for each token.
func batch[T any](d *Decoder, prompts [][]int32, o Options, score bool, of func(Token) T) ([][]T, error) {
	out := make([][]T, d.Batch())
	w := writer{Decoder: d, Options: o, score: score, yield: func(b int, t Token) bool {
		out[b] = append(out[b], of(t))
		return true
	}}
	if err := w.run(prompts); err != nil {
		return nil, err
	}
	return out, nil
}

// writer continues texts token by token.
type writer struct {
	*Decoder
	Options
	score bool // compute LogProb
	whole bool // a text that the window cuts short is an error
	yield func(b int, t Token) bool

	sampler *sampler
	ahead   *lookahead // nil without Speculate
	texts   []text
	next    [][]int32 // tokens of each text that the Decoder reads next; none if the text is done
}

// text is a prompt and the tokens generated so far.
type text struct {
	ids       []int32
	generated int
	done      bool
}

// run continues the prompts until all are done or yield returns false.
func (w *writer) run(prompts [][]int32) error {
	if err := w.Options.Check(); err != nil {
		return err
	}
	if w.Slide && w.source != nil {
		return errors.New("generate: the targets of an encoder-decoder begin at its first position: the window cannot slide")
	}
	for _, p := range prompts {
		if err := w.checkPrompt(p); err != nil {
			return err
		}
		w.texts = append(w.texts, text{ids: slices.Clone(p)})
	}
	w.Reset()
	logits, err := w.Append(prompts)
	if err != nil {
		return err
	}
	if w.sampler, err = newSampler(w.Options, len(logits[0])); err != nil {
		return err
	}
	if w.ahead, err = w.lookahead(w.Speculate); err != nil {
		return err
	}
	w.next = make([][]int32, len(w.texts))
	for {
		live := 0
		for b := range w.texts {
			if w.next[b] = nil; w.texts[b].done {
				continue
			}
			ok, err := w.step(b, logits[b])
			if !ok || err != nil {
				return err
			}
			live += min(len(w.next[b]), 1)
		}
		if live == 0 {
			return nil
		}
		if logits, err = w.advance(); err != nil {
			return err
		}
	}
}

// advance reads the next tokens and returns the logits of their successors.
func (w *writer) advance() ([][]float32, error) {
	if w.ahead == nil {
		return w.Append(w.next)
	}
	return w.ahead.advance(w.texts[0].ids, w.next)
}

// step chooses a token of text b and sets next[b]. ok is false if yield has returned false.
func (w *writer) step(b int, logits []float32) (ok bool, err error) {
	t := &w.texts[b]
	id, err := w.sampler.next(logits, t.ids, t.generated, uint64(b))
	if err != nil {
		return false, err
	}
	if t.done = slices.Contains(w.Stop, id); t.done {
		return true, nil
	}
	token := Token{ID: id}
	if w.score {
		token.LogProb = float64(logits[id]) - logSum(logits, w.sampler.exponents)
	}
	if !w.yield(b, token) {
		return false, nil
	}
	t.ids = append(t.ids, id)
	t.generated++
	full := w.Len(b) == w.Window()
	switch {
	case t.generated == w.Tokens:
		t.done = true
	case !full:
		w.next[b] = t.ids[len(t.ids)-1:]
	case w.Slide:
		w.next[b] = t.ids[len(t.ids)-max(w.Window()/2, 1):]
		w.at(b).clear()
	case w.whole && (w.Tokens > 0 || t.generated < w.MinTokens):
		return false, errors.Errorf("generate: the text has reached the model's window of %d tokens", w.Window())
	default:
		t.done = true
	}
	return true, nil
}
