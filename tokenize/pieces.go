package tokenize

import (
	"iter"

	"github.com/pkg/errors"
)

// Pieces finds the pieces of texts that a Model is given: it parts a text at the added tokens, normalizes the parts and
// splits them. Trainers count these pieces. A Pieces may be used by several goroutines at once.
type Pieces struct {
	normalizer Normalizer
	splitter   Splitter
	added      *matcher
}

// Pieces returns the Pieces of the Normalizer, the Splitter and the added tokens of s. It needs no Model. Unlike a Tokenizer,
// it looks for all added tokens in the text as it is, those that are Normalized included.
func (s Stages) Pieces() *Pieces {
	m := &matcher{}
	for _, a := range s.Added {
		m.add(a, a.Text)
	}
	return &Pieces{s.Normalizer, s.Splitter, m.finish()}
}

// Each returns a function that calls do for the pieces of a text, in order. It ends at the first error of do or of a stage,
// and returns it.
func (p *Pieces) Each(do func(piece string) error) func(text string) error {
	each := splitting(p.splitter, func(piece string, _ bool) error { return do(piece) })
	return func(text string) error { return errors.WithMessage(p.text(text, each), "tokenize: pieces") }
}

// Parts cuts a long text into parts of about size bytes. The parts have the pieces of the text: it is cut only where no
// piece and no added token crosses. The last part may be empty, or long.
func (p *Pieces) Parts(text string, size int) iter.Seq[string] {
	sc := scannerOf(p.splitter)
	if p.normalizer != nil || p.added != nil {
		sc = nil
	}
	return func(yield func(string) bool) {
		rest := text
		for sc != nil && len(rest) > 2*size {
			n := sc.Cut(rest, size)
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
		yield(rest)
	}
}

// text calls each for the parts of one text between the added tokens, as the normalizer rewrites them.
func (p *Pieces) text(text string, each pieceFunc) error {
	for at, token := range p.added.parts(text, Allow) {
		if token != nil {
			continue
		}
		x, err := normalize(p.normalizer, Text{s: text[at.Start:at.End], at: at.Start})
		if err != nil {
			return err
		}
		if x.s != "" {
			if err := each(x.s, at.Start == 0); err != nil {
				return err
			}
		}
	}
	return nil
}
