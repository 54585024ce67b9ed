package generate

import (
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// Tokens generates what follows a prompt, one token at a time, with a Decoder for one sequence, which is made empty first. It ends
// after o.Tokens tokens, at a stop token, or with an error.
//
// A prompt longer than the window is an error. Text past the window goes on only with slide: the second half of it then takes the
// first positions and is read anew. Models trained on windows that begin anywhere in a text, as models.GPT is, have learned
// that. Without slide the end of the window ends the text, which is an error if o.Tokens asks for more. The targets of an
// EncoderDecoder begin at the first position: with slide they are an error.
func Tokens(d *Decoder, prompt []int32, slide bool, o Options) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := tokens(d, prompt, slide, o, func(id int32) bool { return yield(id, nil) }); err != nil {
			yield(0, err)
		}
	}
}

func tokens(d *Decoder, prompt []int32, slide bool, o Options, yield func(int32) bool) error {
	if err := o.Check(); err != nil {
		return err
	}
	if d.Batch() != 1 {
		return errors.Errorf("generate: a decoder for %d sequences, want 1", d.Batch())
	}
	if slide && d.source != nil {
		return errors.New("generate: the targets of an encoder-decoder begin at its first position: the window cannot slide")
	}
	if len(prompt) > d.Window() {
		return errors.Errorf("generate: the prompt has %d tokens, the model's window is %d: shorten the prompt", len(prompt), d.Window())
	}
	d.Reset()
	logits, err := d.Append([][]int32{prompt})
	if err != nil {
		return err
	}
	s, text := &sampler{Options: o}, slices.Clone(prompt)
	for n := 0; o.Tokens == 0 || n < o.Tokens; n++ {
		id := s.next(logits[0], text)
		if slices.Contains(o.Stop, id) || !yield(id) {
			return nil
		}
		if n+1 == o.Tokens {
			return nil
		}
		text = append(text, id)
		next := []int32{id}
		if d.Len(0) == d.Window() {
			if !slide && o.Tokens == 0 {
				return nil
			}
			if !slide {
				return errors.Errorf("generate: the text has reached the model's window of %d tokens", d.Window())
			}
			next = text[len(text)-max(d.Window()/2, 1):]
			d.Reset()
		}
		if logits, err = d.Append([][]int32{next}); err != nil {
			return err
		}
	}
	return nil
}

// Batch generates what follows each of several prompts with a Decoder for as many sequences, which are made empty first; those of
// an encoder-decoder follow the sources set before. All sequences get tokens until each has met a stop token, has o.Tokens of them or
// fills the window. It returns the new tokens of each.
func Batch(d *Decoder, prompts [][]int32, o Options) ([][]int32, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	d.Reset()
	logits, err := d.Append(prompts)
	if err != nil {
		return nil, err
	}
	out, samplers := make([][]int32, d.Batch()), make([]sampler, d.Batch())
	done := make([]bool, d.Batch())
	for b := range samplers {
		samplers[b] = sampler{Options: o}
		samplers[b].Seed += uint64(b)
	}
	for {
		next, live := make([][]int32, d.Batch()), 0
		for b := range next {
			if done[b] {
				continue
			}
			id := samplers[b].next(logits[b], d.tokens[b])
			if slices.Contains(o.Stop, id) {
				done[b] = true
				continue
			}
			out[b] = append(out[b], id)
			if done[b] = len(out[b]) == o.Tokens || d.Len(b) == d.Window(); !done[b] {
				next[b] = []int32{id}
				live++
			}
		}
		if live == 0 {
			return out, nil
		}
		if logits, err = d.Append(next); err != nil {
			return nil, err
		}
	}
}
