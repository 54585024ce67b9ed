package tokenize

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// spmNormalizer is the Normalizer of a sentencepiece file. The longest strings of its table are replaced, from left to
// right and not within user-defined pieces. Runs of spaces become one space, and spaces at the ends are removed. A space
// is added before or after the text. Spaces are written as "▁" (Kudo and Richardson 2018, arXiv 1808.06226;
// normalizer.cc).
type spmNormalizer struct {
	table        *charsmap // nil: nothing is replaced
	dummyPrefix  bool      // add_dummy_prefix
	mergeSpaces  bool      // remove_extra_whitespaces
	escapeSpaces bool      // escape_whitespaces
	spaceSuffix  bool      // the dummy prefix is added at the end
	users        *spmUsers // user-defined pieces; nil: none
	stays        [utf8.RuneSelf]bool
}

// spmUsers finds user-defined pieces.
type spmUsers struct {
	trie   table.Trie
	starts [256]bool
}

// longest returns the length of the longest user-defined piece at the start of s, or 0 if there is none.
func (u *spmUsers) longest(s string) int {
	if u == nil || !u.starts[s[0]] {
		return 0
	}
	n, _ := u.trie.Longest(u.trie.Root(), s)
	return n
}

// setStays finds the ASCII characters that stay unchanged before another ASCII character.
func (n *spmNormalizer) setStays() {
	for b := range n.stays {
		n.stays[b] = b != ' ' && (n.users == nil || !n.users.starts[b])
		if n.table == nil || b == 0 || !n.stays[b] {
			continue
		}
		next, value, ok := n.table.step(dartsOffset(n.table.units[0]), byte(b))
		for c := byte(1); ok && c < utf8.RuneSelf; c++ {
			if _, _, follows := n.table.step(next, c); follows {
				value = 0
			}
		}
		n.stays[b] = !ok || value < 0
	}
}

// prefix returns the replacement of the first characters of s, and the length of these characters.
func (n *spmNormalizer) prefix(s string) (text string, length int) {
	if m := n.users.longest(s); m > 0 {
		return s[:m], m
	}
	if n.table != nil {
		if text, length, ok := n.table.longest(s); ok {
			return text, length
		}
	}
	r, w := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return "\ufffd", w
	}
	return s[:w], w
}

// spmText is a text that is being normalized.
type spmText struct {
	out   []byte
	start int    // start of this text in out
	keep  bool   // fill align
	align []Span // the origin of each byte
	end   int    // end of the last origin
}

func (t *spmText) write(s string, from Span) {
	t.out = append(t.out, s...)
	if t.keep {
		for range len(s) {
			t.align = append(t.align, from)
		}
	}
}

// plain writes s[i:j] unchanged.
func (t *spmText) plain(s string, i, j int) {
	t.out = append(t.out, s[i:j]...)
	if t.keep {
		for ; i < j; i++ {
			t.align = append(t.align, Span{i, i + 1})
		}
	}
}

func (n *spmNormalizer) space() string {
	if n.escapeSpaces {
		return "▁"
	}
	return " "
}

// run normalizes s.
func (n *spmNormalizer) run(t *spmText, s string) {
	at := n.skipSpaces(s)
	if at == len(s) {
		return
	}
	if n.dummyPrefix && !n.spaceSuffix {
		t.write(n.space(), Span{at, at})
	}
	afterSpace := n.mergeSpaces
	for at < len(s) {
		if end := n.plainEnd(s, at); end > at {
			t.plain(s, at, end)
			at, afterSpace = end, false
			continue
		}
		text, w := n.prefix(s[at:])
		if afterSpace {
			text = strings.TrimLeft(text, " ")
		}
		n.write(t, text, Span{at, at + w})
		if text != "" {
			afterSpace = n.mergeSpaces && text[len(text)-1] == ' '
		}
		at += w
	}
	t.end = len(s)
	if n.mergeSpaces {
		t.trim(n.space())
	}
	if n.dummyPrefix && n.spaceSuffix {
		t.write(n.space(), Span{at, at})
	}
}

// skipSpaces returns the length of the spaces at the start of s.
func (n *spmNormalizer) skipSpaces(s string) (at int) {
	for n.mergeSpaces && at < len(s) {
		text, w := n.prefix(s[at:])
		if text != " " {
			break
		}
		at += w
	}
	return at
}

// plainEnd returns the end of the ASCII characters from s[i] that stay unchanged.
func (n *spmNormalizer) plainEnd(s string, i int) int {
	for i < len(s) && s[i] < utf8.RuneSelf && n.stays[s[i]] && (i+1 == len(s) || s[i+1] < utf8.RuneSelf) {
		i++
	}
	return i
}

// write writes text, whose origin is from.
func (n *spmNormalizer) write(t *spmText, text string, from Span) {
	for text != "" {
		i := strings.IndexByte(text, ' ')
		if i < 0 || !n.escapeSpaces {
			t.write(text, from)
			return
		}
		t.write(text[:i], from)
		t.write(n.space(), from)
		text = text[i+1:]
	}
}

// trim removes the spaces at the end.
func (t *spmText) trim(space string) {
	end := len(t.out)
	for strings.HasSuffix(string(t.out[max(t.start, end-len(space)):end]), space) {
		end -= len(space)
	}
	if t.keep && end < len(t.out) {
		t.end = t.align[end-t.start].Start
		t.align = t.align[:end-t.start]
	}
	t.out = t.out[:end]
}

// spread adds the origin of removed text to the character before it, as sentencepiece does.
func (t *spmText) spread() {
	end := t.end
	for i := len(t.align) - 1; i >= 0; i-- {
		from := t.align[i]
		t.align[i].End = end
		if i > 0 && t.align[i-1] != from {
			end = from.Start
		}
	}
}

// Normalize implements Normalizer.
func (n *spmNormalizer) Normalize(t Text) Text {
	out := spmText{keep: true}
	n.run(&out, t.s)
	out.spread()
	var b TextBuilder
	for i := 0; i < len(out.out); {
		j := i + 1
		for j < len(out.out) && out.align[j] == out.align[i] {
			j++
		}
		b.Write(string(out.out[i:j]), t.Span(out.align[i].Start, out.align[i].End))
		i = j
	}
	return b.Text()
}

func (n *spmNormalizer) appendRewritten(dst []byte, text string) ([]byte, error) {
	t := spmText{out: slices.Grow(dst, len(text)+len(text)/4), start: len(dst)}
	n.run(&t, text)
	return t.out, nil
}
