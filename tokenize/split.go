package tokenize

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

// ByteLevel is the Splitter, the PostProcessor and the Decoder of byte-level BPE. The zero value is GPT-2's: its pattern
// ('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+), no space put in front, offsets that
// include the space a token begins with. A BPE of bytes gets the bytes, any other model their spelling in GPT-2's alphabet.
//
// As a Decoder it returns the bytes that tokens spell, which need not be valid UTF-8 for an arbitrary list of ids.
type ByteLevel struct {
	PrefixSpace bool // as a Splitter, begin a text that does not begin with a space with one
	TrimOffsets bool // as a PostProcessor, leave spaces at the ends of a token out of its offsets, but for added tokens
	NoPattern   bool // as a Splitter, do not split: another one has
}

// Split implements Splitter.
func (s ByteLevel) Split(dst []Text, t Text) []Text {
	if s.PrefixSpace && len(t.s) > 0 && t.s[0] != ' ' {
		t = prepend(t, " ")
	}
	return scan(s.pattern(), dst, t)
}

func (s ByteLevel) pattern() scanner {
	if s.NoPattern {
		return wholeScanner{}
	}
	return gpt2Scanner{}
}

func (s ByteLevel) scanner() scanner {
	if s.PrefixSpace {
		return nil
	}
	return s.pattern()
}

// Chars yields every character as a piece. Files hold it as a Split by the pattern [\s\S].
type Chars struct{}

// Split implements Splitter.
func (Chars) Split(dst []Text, t Text) []Text { return scan(charScanner{}, dst, t) }
func (Chars) scanner() scanner                { return charScanner{} }

// Words yields words (letters, marks, numbers, _, with apostrophes inside), every newline and every other character that
// is not a space. Files hold it as a Split by the pattern
// \n|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_].
type Words struct{}

// Split implements Splitter.
func (Words) Split(dst []Text, t Text) []Text { return scan(wordScanner{}, dst, t) }
func (Words) scanner() scanner                { return wordScanner{} }

// Whitespace yields runs of word characters and runs of other characters that are not spaces: \w+|[^\w\s]+, where \w is
// Alphabetic, Mark, Decimal_Number, Connector_Punctuation or Join_Control.
type Whitespace struct{}

// Split implements Splitter.
func (Whitespace) Split(dst []Text, t Text) []Text { return scan(whitespaceScanner{}, dst, t) }
func (Whitespace) scanner() scanner                { return whitespaceScanner{} }

// WhitespaceSplit yields what stands between spaces.
type WhitespaceSplit struct{}

// Split implements Splitter.
func (WhitespaceSplit) Split(dst []Text, t Text) []Text { return scan(fieldScanner{}, dst, t) }
func (WhitespaceSplit) scanner() scanner                { return fieldScanner{} }
