package tokenize

import (
	"encoding/json"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// Splitter cuts text into pieces that no token crosses. Text between pieces is dropped.
type Splitter interface {
	// Split appends the pieces of t to dst, in order.
	Split(dst []Text, t Text) []Text
}

// scanning is a Splitter that may have a fast form. scanner returns nil if it has none.
type scanning interface{ scanner() scan.Scanner }

// scannerOf returns the fast form of s, or nil. A nil Splitter leaves a text in one piece.
func scannerOf(s Splitter) scan.Scanner {
	if s == nil {
		return scan.Whole{}
	}
	if s, ok := s.(scanning); ok {
		return s.scanner()
	}
	return nil
}

// appendPieces appends the pieces that sc finds in t.
func appendPieces(sc scan.Scanner, dst []Text, t Text) []Text {
	sc = scan.Begun(sc)
	for at := 0; at < len(t.s); {
		start, end := sc.Next(t.s, at)
		if start == end {
			break
		}
		dst = append(dst, t.Slice(start, end))
		at = end
	}
	return dst
}

// Splitters applies the Splitters in order, each to the pieces of the previous one. After a ByteLevel they see its bytes
// in their spelling.
type Splitters []Splitter

// Split implements Splitter.
func (l Splitters) Split(dst []Text, t Text) []Text {
	pieces, _ := l.splitWith(t, func(s Splitter, dst []Text, t Text) ([]Text, error) { return s.Split(dst, t), nil })
	return append(dst, pieces...)
}

func (l Splitters) split(dst []Text, t Text) ([]Text, error) {
	pieces, err := l.splitWith(t, split)
	return append(dst, pieces...), err
}

func (l Splitters) splitWith(t Text, split func(s Splitter, dst []Text, t Text) ([]Text, error)) (_ []Text, err error) {
	pieces := []Text{t}
	for i, s := range l {
		var next []Text
		spelled := l.spelledAt(i)
		for _, p := range pieces {
			n := len(next)
			if spelled {
				p = spell(p)
			}
			if next, err = split(s, next, p); err != nil {
				return nil, err
			}
			if spelled {
				next = unspellAll(next, n)
			}
		}
		pieces = next
	}
	return pieces, nil
}

// spelledAt reports whether part i comes after a ByteLevel and depends on the spelling of its bytes.
func (l Splitters) spelledAt(i int) bool {
	at := byteLevelIn(l)
	if at < 0 || i <= at {
		return false
	}
	return scannerOf(l[i]) != scan.Whole{}
}

// spells reports whether some part sees bytes in the spelling of a ByteLevel before it.
func (l Splitters) spells() bool {
	for i := range l {
		if l.spelledAt(i) {
			return true
		}
	}
	return false
}

func unspellAll(pieces []Text, from int) []Text {
	for i := from; i < len(pieces); i++ {
		pieces[i] = unspell(pieces[i])
	}
	return pieces
}

// scanner implements scanning. It returns nil unless all parts have a fast form; after a ByteLevel, a fast form for
// spelled bytes.
func (l Splitters) scanner() scan.Scanner {
	var only scan.Scanner = scan.Whole{}
	for i, s := range l {
		sc := scannerOf(s)
		if l.spelledAt(i) {
			sc = scan.Spelled(sc)
		}
		switch {
		case sc == nil:
			return nil
		case sc == scan.Whole{}:
		case only == scan.Whole{}:
			only = sc
		default:
			only = scan.Stack{Outer: only, Inner: sc}
		}
	}
	return only
}

// MarshalJSON returns the sequence in the form of tokenizer.json.
func (l Splitters) MarshalJSON() ([]byte, error) { return marshalSequence("pretokenizers", l) }

func parseSplitter(raw json.RawMessage, depth int) (Splitter, error) {
	return parseStage(raw, depth, map[string]reader[Splitter]{
		"BertPreTokenizer":   read[Splitter](BertSplitter{}),
		"ByteLevel":          func(raw json.RawMessage, _ int) (Splitter, error) { return parseByteLevel(raw) },
		"CharDelimiterSplit": read[Splitter](CharDelimiterSplit{}),
		"Digits":             read[Splitter](Digits{}),
		"FixedLength":        read[Splitter](FixedLength{Length: 5}),
		"Metaspace":          read[Splitter](Metaspace{}),
		"Punctuation":        read[Splitter](Punctuation{}),
		"Split":              parseSplit,
		"UnicodeScripts":     read[Splitter](UnicodeScripts{}),
		"Whitespace":         read[Splitter](Whitespace{}),
		"WhitespaceSplit":    read[Splitter](WhitespaceSplit{}),
		"Sequence": func(raw json.RawMessage, depth int) (Splitter, error) {
			list, err := sequence(raw, "pretokenizers", depth, parseSplitter)
			return Splitters(list), err
		},
	})
}
