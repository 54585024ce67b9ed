package generate

import (
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// Token is a generated token.
type Token struct {
	ID      int32
	LogProb float64 // natural logarithm of the probability that the model gives it, before bias, penalties, temperature and filters
}

// Tokens generates the continuation of a prompt, one token at a time, with a Decoder for one sequence, which is made empty first. It
// ends after o.Tokens tokens, at a stop token, or with an error.
//
// A prompt longer than the window is an error. Without o.Slide the end of the window ends the text, which is an error if o.Tokens or
// o.MinTokens asks for more. With o.Slide the text goes on, and the second half of the window is read again from the first position.
// Models trained on windows that begin anywhere in a text, as models.GPT is, have learned that. The targets of an EncoderDecoder
// begin at the first position: with o.Slide they are an error.
func Tokens(d *Decoder, prompt []int32, o Options) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := one(d, prompt, o, false, func(t Token) bool { return yield(t.ID, nil) }); err != nil {
			yield(0, err)
		}
	}
}

// Scored is Tokens with the probabilities of the tokens.
func Scored(d *Decoder, prompt []int32, o Options) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		if err := one(d, prompt, o, true, func(t Token) bool { return yield(t, nil) }); err != nil {
			yield(Token{}, err)
		}
	}
}

func one(d *Decoder, prompt []int32, o Options, score bool, yield func(Token) bool) error {
	if d.Batch() != 1 {
		return errors.Errorf("generate: a decoder for %d sequences, want 1", d.Batch())
	}
	w := writer{Decoder: d, Options: o, score: score, whole: true, yield: func(_ int, t Token) bool { return yield(t) }}
	return w.run([][]int32{prompt})
}

// Batch generates the continuation of each of several prompts with a Decoder for as many sequences, which are made empty first; the
// continuations of an encoder-decoder follow the sources set before. All sequences get tokens until each has met a stop token, has
// o.Tokens of them or, without o.Slide, fills the window. Batch returns the new tokens of each sequence. Sequence b draws as Tokens
// does with a Seed of o.Seed+b.
func Batch(d *Decoder, prompts [][]int32, o Options) ([][]int32, error) {
	out := make([][]int32, d.Batch())
	w := writer{Decoder: d, Options: o, yield: func(b int, t Token) bool {
		out[b] = append(out[b], t.ID)
		return true
	}}
	if err := w.run(prompts); err != nil {
		return nil, err
	}
	return out, nil
}

// ScoredBatch is Batch with the probabilities of the tokens.
func ScoredBatch(d *Decoder, prompts [][]int32, o Options) ([][]Token, error) {
	out := make([][]Token, d.Batch())
	w := writer{Decoder: d, Options: o, score: true, yield: func(b int, t Token) bool {
		out[b] = append(out[b], t)
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
	texts   []text
	next    [][]int32 // of each text, to be read by the Decoder; none if it is done
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
		if len(p) > w.Window() {
			return errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(p), w.Window())
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
	w.next = make([][]int32, len(w.texts))
	for {
		live := 0
		for b := range w.texts {
			if w.next[b] = nil; w.texts[b].done {
				continue
			}
			goOn, err := w.step(b, logits[b])
			if !goOn || err != nil {
				return err
			}
			live += min(len(w.next[b]), 1)
		}
		if live == 0 {
			return nil
		}
		if logits, err = w.Append(w.next); err != nil {
			return err
		}
	}
}

// step chooses a token of text b and puts into next the tokens that the Decoder is to read. goOn is false if yield has returned false.
func (w *writer) step(b int, logits []float32) (goOn bool, err error) {
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
		w.tokens[b] = w.tokens[b][:0]
	case w.whole && (w.Tokens > 0 || t.generated < w.MinTokens):
		return false, errors.Errorf("generate: the text has reached the model's window of %d tokens", w.Window())
	default:
		t.done = true
	}
	return true, nil
}
