package tokenize

import "encoding/json"

// Splitter cuts text into pieces that no token crosses. Text between pieces is left out.
type Splitter interface {
	// Split appends the pieces of t to dst, in order.
	Split(dst []Text, t Text) []Text
}

// scanning is a Splitter that may have the fast form; it returns nil when it has none.
type scanning interface{ scanner() scanner }

// scannerOf returns the fast form of s, or nil. No Splitter at all leaves a text in one piece.
func scannerOf(s Splitter) scanner {
	if s == nil {
		return wholeScanner{}
	}
	if s, ok := s.(scanning); ok {
		return s.scanner()
	}
	return nil
}

// scan appends the pieces that sc finds in t.
func scan(sc scanner, dst []Text, t Text) []Text {
	sc = begun(sc)
	for at := 0; at < len(t.s); {
		start, end := sc.next(t.s, at)
		if start == end {
			break
		}
		dst = append(dst, t.Slice(start, end))
		at = end
	}
	return dst
}

// Splitters applies each Splitter to the pieces of the one before. Those behind a ByteLevel see its bytes as it spells them.
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

// spelledAt tells whether part i stands behind a ByteLevel and would see a difference.
func (l Splitters) spelledAt(i int) bool {
	at := byteLevelIn(l)
	if at < 0 || i <= at {
		return false
	}
	return scannerOf(l[i]) != wholeScanner{}
}

// spells tells whether a part sees bytes as a ByteLevel before it spells them.
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

// scanner is there when all of the parts have one, those behind a ByteLevel for its spelling of bytes.
func (l Splitters) scanner() scanner {
	var only scanner = wholeScanner{}
	for i, s := range l {
		sc := scannerOf(s)
		if l.spelledAt(i) {
			sc = spelledScanner(sc)
		}
		switch {
		case sc == nil:
			return nil
		case sc == wholeScanner{}:
		case only == wholeScanner{}:
			only = sc
		default:
			only = stack{only, sc}
		}
	}
	return only
}

// MarshalJSON writes the sequence as files hold it.
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
