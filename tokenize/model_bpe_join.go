package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// joinedRunes are the pairs of characters that stand side by side in some token that a merge makes. Between two characters
// that are no such pair no merge reaches over, so that a text may be cut there: what follows does not change what comes
// before. That makes short pieces, which a cache knows, of the whole texts that models without a Splitter get.
type joinedRunes struct {
	ascii [utf8.RuneSelf][utf8.RuneSelf / 64]uint64
	other *table.Merges          // pairs of runes
	known func(text string) bool // whether the first character has a token; nil: unknown ones are not fused
}

// newJoinedRunes returns nil where cutting a piece could change its tokens: they know of its ends, or a merge has a side
// that is not spelled in the characters that it stands for.
func (m *BPE) newJoinedRunes() *joinedRunes {
	c := &m.config
	if !c.Characters || c.Prefix != "" || c.Suffix != "" || c.IgnoreMerges || m.drops() {
		return nil
	}
	j := &joinedRunes{}
	pairs := map[[2]rune]bool{}
	for _, merge := range c.Merges {
		for _, side := range merge {
			if _, isByte := readByteToken(side); isByte && c.ByteFallback || side == c.Unknown {
				return nil
			}
		}
		addPairs(pairs, merge[0]+merge[1])
	}
	j.other = table.NewMerges(len(pairs))
	for p := range pairs {
		if p[0] < utf8.RuneSelf && p[1] < utf8.RuneSelf {
			j.ascii[p[0]][p[1]/64] |= 1 << (p[1] % 64)
			continue
		}
		j.other.Put(table.PairOf(p[0], p[1]), 0)
	}
	if m.unknown >= 0 && c.FuseUnknown && !m.start.whole {
		j.known = func(text string) bool {
			id, width := m.start.find(c, text, 0)
			return id >= 0 || len(m.fall(nil, text, Span{0, width})) > 0
		}
	}
	return j
}

func addPairs(pairs map[[2]rune]bool, token string) {
	last := rune(-1)
	for _, r := range token {
		if last >= 0 {
			pairs[[2]rune{last, r}] = true
		}
		last = r
	}
}

// next implements scanner.
func (j *joinedRunes) Next(text string, at int) (start, end int) {
	if at >= len(text) {
		return len(text), len(text)
	}
	last, w := utf8.DecodeRuneInString(text[at:])
	for i := at + w; i < len(text); i += w {
		r := rune(text[i])
		if w = 1; r >= utf8.RuneSelf {
			r, w = utf8.DecodeRuneInString(text[i:])
		}
		if !j.has(last, r) && !j.fused(text, i) {
			return at, i
		}
		last = r
	}
	return at, len(text)
}

func (j *joinedRunes) has(left, right rune) bool {
	if left < utf8.RuneSelf && right < utf8.RuneSelf {
		return j.ascii[left][right/64]>>(right%64)&1 != 0
	}
	return j.other.Find(left, right) != table.NoMerge
}

// fused tells whether the characters on both sides of text[i] become one unknown token.
func (j *joinedRunes) fused(text string, i int) bool {
	if j.known == nil || j.known(text[i:]) {
		return false
	}
	start, _ := runeAround(text, i-1)
	return !j.known(text[start:])
}

// cut implements scanner. Like those of other scanners, the place is beside a newline, where no added token is cut.
func (j *joinedRunes) Cut(text string, at int) int {
	for {
		at = scan.CutAtNewline(text, at, 1)
		if at == len(text) || !j.has('\n', rune(text[at])) && !j.fused(text, at) {
			return at
		}
	}
}
