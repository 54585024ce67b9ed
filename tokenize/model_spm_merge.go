package tokenize

import (
	"slices"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// noSymbol is the symbol of a character that is in no piece and of a user-defined piece: it does not merge.
const noSymbol = -1

// spmBPEScratch is the memory of one goroutine.
type spmBPEScratch struct {
	symbols []spmSymbol
	heap    table.Heap         // rank<<32 | the position of the left symbol, lowest first
	parts   map[int32][2]int32 // the two parts of the last merge that made an unused piece
	tokens  []Token
}

// spmSymbol is a part of a text that may merge with its neighbours.
type spmSymbol struct {
	id         int32 // as in spmBPE.symbols
	start, end int32 // in the text; end 0: merged into another symbol
	prev, next int32 // neighbours; -1: none
	made       int32 // the symbol that a merge with the next one makes; -1: none
}

// cut implements spmSearch.
func (b *spmBPE) cut(scratch *spmScratch, text string) []Token {
	s := &scratch.bpe
	b.split(s, text)
	s.heap, s.tokens = s.heap[:0], s.tokens[:0]
	if b.unused {
		clear(s.parts)
	}
	for i := range len(s.symbols) - 1 {
		b.pair(s, int32(i))
	}
	b.merge(s)
	for i := int32(0); i >= 0; i = s.symbols[i].next {
		b.emit(s, text, s.symbols[i])
	}
	return s.tokens
}

// merge merges neighbours until no two of them merge.
func (b *spmBPE) merge(s *spmBPEScratch) {
	for len(s.heap) > 0 {
		top := s.heap.Pop()
		rank, i := int32(top>>32), int32(uint32(top))
		left := &s.symbols[i]
		if left.made < 0 || b.ranks[left.made] != rank {
			continue // stale: the symbol has merged or has another neighbour
		}
		right := &s.symbols[left.next]
		left.id, left.end, left.next = left.made, right.end, right.next
		right.end, right.made = 0, noSymbol
		if left.next >= 0 {
			s.symbols[left.next].prev = i
		}
		if left.prev >= 0 {
			b.pair(s, left.prev)
		}
		b.pair(s, i)
	}
}

// split fills symbols with the characters and user-defined pieces of text.
func (b *spmBPE) split(s *spmBPEScratch, text string) {
	s.symbols = slices.Grow(s.symbols[:0], len(text))
	for at := 0; at < len(text); {
		n, id := b.users.longest(text[at:]), int32(noSymbol)
		switch {
		case n > 0:
		case text[at] < utf8.RuneSelf:
			n, id = 1, b.letters[text[at]]
		default:
			n = min(runeLens[text[at]>>4], len(text)-at)
			if symbol, ok := b.symbols[text[at:at+n]]; ok {
				id = symbol
			}
		}
		i := int32(len(s.symbols))
		s.symbols = append(s.symbols, spmSymbol{id: id, start: int32(at), end: int32(at + n), prev: i - 1, next: i + 1, made: noSymbol})
		at += n
	}
	s.symbols[len(s.symbols)-1].next = -1
}

// pair sets the symbol that a merge of symbol i with the next one makes.
func (b *spmBPE) pair(s *spmBPEScratch, i int32) {
	left := &s.symbols[i]
	left.made = noSymbol
	if left.next < 0 || left.id < 0 || s.symbols[left.next].id < 0 {
		return
	}
	merge := b.merges.Find(left.id, s.symbols[left.next].id)
	if merge == table.NoMerge {
		return
	}
	made := merge.ID()
	left.made = made
	s.heap.Push(heapEntry(merge, i))
	if b.unused && b.model.file.pieces[made].kind == spmUnused {
		if s.parts == nil {
			s.parts = map[int32][2]int32{}
		}
		s.parts[made] = [2]int32{left.id, s.symbols[left.next].id}
	}
}

// emit appends the token of a symbol, or the tokens of its parts if it is unused.
func (b *spmBPE) emit(s *spmBPEScratch, text string, symbol spmSymbol) {
	at := Span{int(symbol.start), int(symbol.end)}
	switch {
	case symbol.id < 0:
		s.tokens = append(s.tokens, Token{b.model.id(text[at.Start:at.End]), at})
	case b.unused:
		s.tokens = b.takeApart(s, text, symbol)
	default:
		s.tokens = append(s.tokens, Token{b.ids[symbol.id], at})
	}
}

// takeApart appends the tokens of the parts of a symbol.
func (b *spmBPE) takeApart(s *spmBPEScratch, text string, symbol spmSymbol) []Token {
	parts, ok := s.parts[symbol.id]
	if !ok {
		at := Span{int(symbol.start), int(symbol.end)}
		return append(s.tokens, Token{b.ids[symbol.id], at})
	}
	middle := symbol.start + b.lengths[parts[0]]
	s.tokens = b.takeApart(s, text, spmSymbol{id: parts[0], start: symbol.start, end: middle})
	return b.takeApart(s, text, spmSymbol{id: parts[1], start: middle, end: symbol.end})
}
