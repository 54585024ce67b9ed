package tokenize

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// spmBPE is sentencepiece's byte-pair encoding (bpe_model.cc). A text begins as its characters and user-defined pieces.
// The two neighbours whose concatenation is the piece with the highest score merge, the leftmost first, until no
// concatenation is a piece. User-defined pieces do not merge. An unused piece is split back into the two parts of its
// last merge.
type spmBPE struct {
	model   *SentencePiece
	users   *spmUsers
	symbols map[string]int32 // every piece, and every character that is not a piece: numbered from len(pieces)
	letters [utf8.RuneSelf]int32
	ids     []int32 // by symbol
	lengths []int32 // by symbol, in bytes
	ranks   []int32 // by symbol that merges make: 0 for the highest score; equal scores have equal ranks
	merges  *table.Merges
	unused  bool // the file has unused pieces
	border  spmCut
}

// spmCut is the kind of place where a text may be cut so that no merge crosses it.
type spmCut int

const (
	cutNowhere    spmCut = iota
	cutBeforeMark        // before "▁" after another character
	cutAfterMark         // after "▁" before another character
)

// newSPMBPE returns the search with these pieces. It keeps plain and adds characters to it.
func newSPMBPE(m *SentencePiece, plain map[string]int32, users *spmUsers) *spmBPE {
	b := &spmBPE{model: m, users: users, symbols: plain}
	texts := make([]string, 0, len(plain))
	for text, id := range plain {
		texts = append(texts, text)
		b.unused = b.unused || m.file.pieces[id].kind == spmUnused
	}
	slices.Sort(texts)
	size := int32(len(m.file.pieces))
	for _, text := range texts {
		for i, r := range text {
			if c := text[i : i+utf8.RuneLen(r)]; !has(b.symbols, c) {
				b.symbols[c] = size
				size++
			}
		}
	}
	b.ids, b.lengths = make([]int32, size), make([]int32, size)
	for text, symbol := range b.symbols {
		b.ids[symbol], b.lengths[symbol] = m.id(text), int32(len(text))
	}
	for c := range b.letters {
		b.letters[c] = noSymbol
		if symbol, ok := b.symbols[string(rune(c))]; ok {
			b.letters[c] = symbol
		}
	}
	b.rank()
	b.findCut(texts)
	b.findMerges(texts)
	return b
}

func has(m map[string]int32, key string) bool {
	_, ok := m[key]
	return ok
}

// rank ranks the scores, the highest first.
func (b *spmBPE) rank() {
	pieces := b.model.file.pieces
	order := make([]int32, len(pieces))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return cmp.Compare(pieces[j].score, pieces[i].score) })
	b.ranks = make([]int32, len(pieces))
	for n := 1; n < len(order); n++ {
		i, before := order[n], order[n-1]
		b.ranks[i] = b.ranks[before]
		if pieces[i].score != pieces[before].score {
			b.ranks[i]++
		}
	}
}

// findMerges fills merges with all ways to split a piece into two symbols. texts are the pieces in order, so that the
// pieces with which a piece begins are before it.
func (b *spmBPE) findMerges(texts []string) {
	var list [][3]int32
	var heads []string // the symbols that text begins with, the shortest first
	for _, text := range texts {
		for len(heads) > 0 && !strings.HasPrefix(text, heads[len(heads)-1]) {
			heads = heads[:len(heads)-1]
		}
		if len(heads) == 0 {
			_, w := utf8.DecodeRuneInString(text)
			heads = append(heads, text[:w]) // every character is a symbol
		}
		if text == heads[0] {
			continue
		}
		for _, head := range heads {
			if right, ok := b.symbols[text[len(head):]]; ok {
				list = append(list, [3]int32{b.symbols[head], right, b.symbols[text]})
			}
		}
		heads = append(heads, text)
	}
	b.merges = table.NewMerges(len(list))
	for _, m := range list {
		b.merges.Put(table.PairOf(m[0], m[1]), table.NewMerge(b.ranks[m[2]], m[2]))
	}
}

// findCut sets the kind of place that no merge crosses: all pieces have "▁" only at the start, or only at the end.
func (b *spmBPE) findCut(texts []string) {
	const mark = "▁"
	before, after := true, true
	for _, text := range texts {
		before = before && !strings.Contains(strings.TrimLeft(text, mark), mark)
		after = after && !strings.Contains(strings.TrimRight(text, mark), mark)
	}
	switch {
	case b.unused: // how an unused piece is split depends on the last merge in the whole text
	case before:
		b.border = cutBeforeMark
	case after:
		b.border = cutAfterMark
	}
}

// wordEnd implements spmSearch.
func (b *spmBPE) wordEnd(text string, at int) int {
	const mark = "▁"
	if b.border == cutNowhere {
		return len(text)
	}
	if b.border == cutBeforeMark {
		for strings.HasPrefix(text[at:], mark) {
			at += len(mark)
		}
	}
	n := strings.Index(text[at:], mark)
	if n < 0 {
		return len(text)
	}
	at += n
	if b.border == cutAfterMark {
		for strings.HasPrefix(text[at:], mark) {
			at += len(mark)
		}
	}
	return at
}
