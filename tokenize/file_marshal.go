package tokenize

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/pkg/errors"
)

// The patterns under which files hold Chars and Words.
const (
	patternChars = `[\s\S]`
	patternWords = `\n|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]`
)

func patternOf(s Splitter) string {
	if s == (Chars{}) {
		return patternChars
	}
	return patternWords
}

// named is a component without fields.
func named(kind string) ([]byte, error) {
	return json.Marshal(map[string]string{"type": kind})
}

// typed is a component with the fields of a struct.
func typed(kind string, fields any) ([]byte, error) {
	raw, err := marshal(fields)
	if err != nil {
		return nil, err
	}
	return append([]byte(`{"type":"`+kind+`",`), raw[1:]...), nil
}

// MarshalJSON writes the Normalizer as files hold it.
func (Lowercase) MarshalJSON() ([]byte, error) { return named("Lowercase") }

// MarshalJSON writes the Normalizer as files hold it.
func (f Form) MarshalJSON() ([]byte, error) { return named(string(f)) }

// MarshalJSON writes the Splitter as files hold it.
func (Whitespace) MarshalJSON() ([]byte, error) { return named("Whitespace") }

// MarshalJSON writes the Splitter as files hold it.
func (WhitespaceSplit) MarshalJSON() ([]byte, error) { return named("WhitespaceSplit") }

// MarshalJSON writes the Decoder as files hold it.
func (Fuse) MarshalJSON() ([]byte, error) { return named("Fuse") }

// MarshalJSON writes the Splitter as files hold it.
func (s Chars) MarshalJSON() ([]byte, error) { return keepMatches(patternOf(s)) }

// MarshalJSON writes the Splitter as files hold it.
func (s Words) MarshalJSON() ([]byte, error) { return keepMatches(patternOf(s)) }

// keepMatches is a Split that leaves out what does not match.
func keepMatches(pattern string) ([]byte, error) {
	return Split{Pattern: pattern, Regex: true, Behavior: Removed, Invert: true}.MarshalJSON()
}

// MarshalJSON writes the Splitter as files hold it.
func (s Split) MarshalJSON() ([]byte, error) {
	return marshal(jsonSplit{"Split", patternJSON(s.Pattern, s.Regex), s.behavior(), s.Invert})
}

// MarshalJSON writes the stage as files hold it.
func (s ByteLevel) MarshalJSON() ([]byte, error) {
	useRegex := !s.NoPattern
	return json.Marshal(jsonByteLevel{"ByteLevel", &s.PrefixSpace, &s.TrimOffsets, &useRegex})
}

// MarshalJSON writes the sequence as files hold it.
func (l Normalizers) MarshalJSON() ([]byte, error) { return marshalSequence("normalizers", l) }

// MarshalJSON writes the sequence as files hold it.
func (l Splitters) MarshalJSON() ([]byte, error) { return marshalSequence("pretokenizers", l) }

// MarshalJSON writes the sequence as files hold it.
func (l PostProcessors) MarshalJSON() ([]byte, error) { return marshalSequence("processors", l) }

// MarshalJSON writes the sequence as files hold it.
func (l Decoders) MarshalJSON() ([]byte, error) { return marshalSequence("decoders", l) }

func marshalSequence[T any](key string, list []T) ([]byte, error) {
	parts := make([]json.RawMessage, len(list))
	for i, part := range list {
		if _, ok := any(part).(json.Marshaler); !ok {
			return nil, errors.Errorf("%T does not implement json.Marshaler", part)
		}
		raw, err := marshal(part)
		if err != nil {
			return nil, err
		}
		parts[i] = raw
	}
	raw, err := marshal(parts)
	if err != nil {
		return nil, err
	}
	return []byte(`{"type":"Sequence","` + key + `":` + string(raw) + `}`), nil
}

// wordJoinerJSON is WordJoiner in the components that files have.
const wordJoinerJSON = `{"type":"Sequence","decoders":[{"type":"WordPiece","prefix":" ","cleanup":false},{"type":"Fuse"},` +
	`{"type":"Replace","pattern":{"Regex":" ?\\n ?"},"content":"\n"},` +
	`{"type":"Replace","pattern":{"Regex":"(?<=[(\\[{«“‘¿¡]) "},"content":""},` +
	`{"type":"Replace","pattern":{"Regex":" (?=[,.;:!?%)\\]}»”’…])"},"content":""}]}`

// MarshalJSON writes the Decoder as files hold it.
func (WordJoiner) MarshalJSON() ([]byte, error) { return []byte(wordJoinerJSON), nil }

func isWordJoiner(raw json.RawMessage) bool {
	var got, want any
	return json.Unmarshal(raw, &got) == nil && json.Unmarshal([]byte(wordJoinerJSON), &want) == nil && reflect.DeepEqual(got, want)
}

// vocabJSON writes a vocabulary in order of id.
type vocabJSON struct{ *vocabulary }

// MarshalJSON implements json.Marshaler.
func (v vocabJSON) MarshalJSON() ([]byte, error) {
	b := bytes.NewBufferString("{")
	for id := range v.tokens {
		token, ok := v.IDToToken(int32(id))
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, err := marshal(token)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		value, err := json.Marshal(id)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// MarshalJSON writes the Model as files hold it.
func (m *WordLevel) MarshalJSON() ([]byte, error) {
	return marshal(struct {
		Type    string    `json:"type"`
		Vocab   vocabJSON `json:"vocab"`
		Unknown string    `json:"unk_token"`
	}{"WordLevel", vocabJSON{&m.vocabulary}, m.unknown})
}
