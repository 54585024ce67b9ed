package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// joinedRunes holds the pairs of adjacent characters within tokens that merges make. No merge crosses two characters that
// are not such a pair, so a text may be cut between them: the text after the cut does not affect the tokens before it.
// This cuts the whole texts that models without a Splitter get into short pieces, which can be cached.
type joinedRunes struct {
	ascii [utf8.RuneSelf][utf8.RuneSelf / 64]uint64
	other *table.Merges          // pairs of runes
	known func(text string) bool // reports whether the first character has a token; nil: unknown characters are not fused
}

// newJoinedRunes returns nil if cutting a piece could change its tokens: tokens depend on the ends of a piece, or a side
// of a merge is not spelled as its characters.
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

// fused reports whether the characters on both sides of text[i] become one unknown token.
func (j *joinedRunes) fused(text string, i int) bool {
	if j.known == nil || j.known(text[i:]) {
		return false
	}
	start, _ := runeAround(text, i-1)
	return !j.known(text[start:])
}

// cut implements scanner. Like other scanners, it cuts only at a newline, where no added token is cut.
func (j *joinedRunes) Cut(text string, at int) int {
	for {
		at = scan.CutAtNewline(text, at, 1)
		if at == len(text) || !j.has('\n', rune(text[at])) && !j.fused(text, at) {
			return at
		}
	}
}
