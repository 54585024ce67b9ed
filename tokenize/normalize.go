package tokenize

import "encoding/json"

// Normalizer rewrites a text before it is split.
type Normalizer interface {
	// Normalize returns t rewritten, with the origin of every byte.
	Normalize(t Text) Text
}

// Normalizers applies the Normalizers in order, each to the result of the previous one.
type Normalizers []Normalizer

// Normalize implements Normalizer.
func (l Normalizers) Normalize(t Text) Text {
	for _, n := range l {
		t = n.Normalize(t)
	}
	return t
}

func (l Normalizers) normalize(t Text) (_ Text, err error) {
	for _, n := range l {
		if t, err = normalize(n, t); err != nil {
			return t, err
		}
	}
	return t, nil
}

// MarshalJSON returns the sequence in the form of tokenizer.json.
func (l Normalizers) MarshalJSON() ([]byte, error) { return marshalSequence("normalizers", l) }

func parseNormalizer(raw json.RawMessage, depth int) (Normalizer, error) {
	return parseStage(raw, depth, map[string]reader[Normalizer]{
		"BertNormalizer": read[Normalizer](BertUncased),
		"ByteLevel":      read[Normalizer](ByteLevelNormalizer{}),
		"Lowercase":      read[Normalizer](Lowercase{}),
		"NFC":            form(NFC),
		"NFD":            form(NFD),
		"NFKC":           form(NFKC),
		"NFKD":           form(NFKD),
		"Nmt":            read[Normalizer](Nmt{}),
		"Precompiled":    read[Normalizer](Precompiled{}),
		"Prepend":        read[Normalizer](Prepend{}),
		"Replace":        read[Normalizer](Replace{}),
		"Strip":          read[Normalizer](Strip{Left: true, Right: true}),
		"StripAccents":   read[Normalizer](StripAccents{}),
		"Sequence": func(raw json.RawMessage, depth int) (Normalizer, error) {
			list, err := sequence(raw, "normalizers", depth, parseNormalizer)
			return Normalizers(list), err
		},
	})
}
