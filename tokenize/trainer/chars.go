package trainer

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// charMerges is the common part of the trainers that merge characters.
type charMerges struct {
	initial string // characters that get a token even if they do not occur in the texts
	limit   int    // maximum number of characters with a token
	suffix  string // of the last character of a piece; all characters but the first have the prefix of rules
	bytes   bool   // every byte gets a token
	rules   mergeRules
	respell func(*draft) (speller, error) // returns the speller of the tokenizer to extend; nil: pieces are spelled as characters
}

// speller appends the tokens of a piece before the first merge.
type speller func(dst []int32, piece string) []int32

// run trains on texts. The draft holds the vocabulary.
func (c *charMerges) run(p *plan, texts iter.Seq[string]) (*draft, [][2]string, error) {
	d, err := p.begin()
	if err != nil {
		return nil, nil, err
	}
	all, err := p.count(d, texts)
	if err != nil {
		return nil, nil, err
	}
	before := len(d.tokens)
	if c.bytes {
		d.bytes()
	}
	spell := c.characters(d, all)
	if d.room() < 0 {
		return nil, nil, errors.Errorf("a vocabulary of %d has no room for %d characters and bytes in addition to %d special and old tokens: "+
			"set LimitAlphabet", d.size, len(d.tokens)-before, before)
	}
	if c.respell != nil {
		if spell, err = c.respell(d); err != nil {
			return nil, nil, err
		}
	}
	b := newPairs(d, c.rules, all, spell)
	b.merge()
	return d, b.merges, nil
}

// charForm is a character and its position in a piece.
type charForm struct {
	char        rune
	inner, last bool // it is not the first; it is the last
}

// forms calls each for the characters of piece.
func forms(piece string, each func(charForm)) {
	for i := 0; i < len(piece); {
		r, w := utf8.DecodeRuneInString(piece[i:])
		each(charForm{r, i > 0, i+w == len(piece)})
		i += w
	}
}

// compare orders characters by their code points, the first of a piece before others and the last after others.
func (f charForm) compare(g charForm) int {
	side := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(f.char, g.char), side(f.inner)-side(g.inner), side(f.last)-side(g.last))
}

// characters assigns tokens to the alphabet, then to its characters with the prefixes and suffixes that occur in all, by code
// point. It returns a speller with these tokens.
func (c *charMerges) characters(d *draft, all *tally) speller {
	ids := map[charForm]int32{}
	known := map[rune]bool{}
	for _, r := range all.alphabet(c.initial, c.limit) {
		d.token(string(r))
		known[r] = true
	}
	for _, piece := range all.pieces {
		forms(piece, func(f charForm) {
			if known[f.char] {
				ids[f] = 0
			}
		})
	}
	for _, f := range slices.SortedFunc(maps.Keys(ids), charForm.compare) {
		ids[f] = d.token(c.spelling(f))
	}
	return func(dst []int32, piece string) []int32 {
		forms(piece, func(f charForm) {
			id, ok := ids[f]
			if !ok {
				id = unspelled
			}
			dst = append(dst, id)
		})
		return dst
	}
}

// spelling returns the token of a character at its position.
func (c *charMerges) spelling(f charForm) string {
	s := string(f.char)
	if f.inner {
		s = c.rules.prefix + s
	}
	if f.last {
		s += c.suffix
	}
	return s
}
