package generate

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// Options configure the choice of tokens. The zero value always takes the most likely token. Bias, penalties and filters apply in
// the order of the fields, as in Hugging Face's generate.
type Options struct {
	Tokens    int     // maximum number of tokens to generate; 0 means until a stop token or the end of a window that does not slide
	MinTokens int     // minimum number of tokens before a stop token
	Stop      []int32 // tokens that end the text; they are not part of it
	Slide     bool    // continue past the window: re-encode its second half from position 0

	Bias              map[int32]float32 // added to the logits of these tokens; -Inf forbids a token
	RepetitionPenalty float64           // divides positive logits of tokens already in the text, multiplies negative ones (Keskar et al. 2019); 0 means 1
	FrequencyPenalty  float64           // subtracted from a token's logit for each time that the token was generated, as in OpenAI's API
	PresencePenalty   float64           // subtracted once from the logit of each generated token, as in OpenAI's API
	NoRepeat          int               // length of token sequences that may not repeat, the prompt included; 0 means no limit
	Temperature       float64           // divides the logits; 0 means always the most likely token
	TopK              int               // keep only the K most likely tokens; 0 means all
	TopP              float64           // keep only the most likely tokens that together have probability P (Holtzman et al. 2020); 0 means all
	MinP              float64           // keep only tokens at least MinP times as likely as the most likely token (Nguyen et al. 2024); 0 means all
	Seed              uint64            // of the random draws: the same seed gives the same text

	// Speculate is the number of tokens, up to MaxSpeculate, that a pass reads ahead if the text has had its last tokens before: those that
	// followed them there (prompt lookup decoding, Saxena 2023, https://github.com/apoorvumang/prompt-lookup-decoding). The text is the same
	// as without, bit for bit, and comes sooner if it repeats itself or the prompt. It needs a Verifier and a Decoder for one sequence. 0
	// reads one token at a time.
	Speculate int
}

// Check returns an error that names the first invalid option.
func (o Options) Check() error {
	switch {
	case !(o.Temperature >= 0) || math.IsInf(o.Temperature, 1):
		return errors.Errorf("generate: temperature %g, want a finite number of at least 0", o.Temperature)
	case o.TopK < 0:
		return errors.Errorf("generate: top-k %d, want at least 0", o.TopK)
	case !(o.TopP >= 0 && o.TopP <= 1):
		return errors.Errorf("generate: top-p %g is not in 0…1", o.TopP)
	case !(o.MinP >= 0 && o.MinP <= 1):
		return errors.Errorf("generate: min-p %g is not in 0…1", o.MinP)
	case o.Speculate < 0 || o.Speculate > MaxSpeculate:
		return errors.Errorf("generate: speculate %d tokens, want 0 … %d", o.Speculate, MaxSpeculate)
	}
	return o.rules().check(o.Tokens)
}

func (o Options) rules() *rules {
	return &rules{
		minTokens: o.MinTokens, stop: o.Stop, bias: o.Bias, repetition: o.RepetitionPenalty, frequency: o.FrequencyPenalty,
		presence: o.PresencePenalty, noRepeat: o.NoRepeat,
	}
}

// check returns an error that names the first invalid rule. tokens is the maximum number of tokens.
func (r *rules) check(tokens int) error {
	switch {
	case tokens < 0:
		return errors.Errorf("generate: %d tokens, want at least 0", tokens)
	case r.minTokens < 0:
		return errors.Errorf("generate: minimum of %d tokens, want at least 0", r.minTokens)
	case tokens > 0 && r.minTokens > tokens:
		return errors.Errorf("generate: minimum of %d tokens exceeds the maximum of %d", r.minTokens, tokens)
	case r.noRepeat < 0:
		return errors.Errorf("generate: no-repeat length %d, want at least 0", r.noRepeat)
	case !(r.repetition >= 0) || math.IsInf(r.repetition, 1):
		return errors.Errorf("generate: repetition penalty %g, want a finite number of more than 0", r.repetition)
	case !finite(r.frequency):
		return errors.Errorf("generate: frequency penalty %g, want a finite number", r.frequency)
	case !finite(r.presence):
		return errors.Errorf("generate: presence penalty %g, want a finite number", r.presence)
	}
	if i := slices.IndexFunc(r.stop, func(id int32) bool { return id < 0 }); i >= 0 {
		return errors.Errorf("generate: stop token %d, want an id of at least 0, or no stop tokens", r.stop[i])
	}
	for id, b := range r.bias {
		if id < 0 || !(b <= math.MaxFloat32) {
			return errors.Errorf("generate: bias %g of token %d, want a finite number, or -Inf to forbid it, and an id of at least 0", b, id)
		}
	}
	return nil
}

func finite(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }
