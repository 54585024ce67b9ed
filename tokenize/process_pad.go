package tokenize

import (
	"encoding/json"
	"slices"

	"github.com/pkg/errors"
)

// Padding extends encodings to the same length. Padding tokens have attention 0.
type Padding struct {
	Length     int       // the common length; 0: the longest of a batch
	Direction  Direction // "" means Right
	MultipleOf int       // the length is rounded up to a multiple of this; 0 and 1 change nothing
	ID         int32
	Type       int32
	Token      string
}

// maxPadding is the largest length to which a text is padded, so that no file can exhaust the memory.
const maxPadding = 1 << 20

func (p Padding) check() error {
	for _, n := range []int{p.Length, p.MultipleOf} {
		if n < 0 || n > maxPadding {
			return errors.Errorf("length %d, multiple of %d: both must be in [0, %d]", p.Length, p.MultipleOf, maxPadding)
		}
	}
	return p.Direction.check()
}

// pad extends all encodings and their overflow to the same length. Longer ones stay unchanged.
func (p Padding) pad(all []*Encoding) {
	length := p.Length
	if length == 0 {
		for _, e := range all {
			length = max(length, len(e.IDs))
		}
	}
	if m := p.MultipleOf; m > 0 && length%m > 0 {
		length += m - length%m
	}
	for _, e := range all {
		p.fill(e, length)
	}
}

func (p Padding) fill(e *Encoding, length int) {
	for _, o := range e.Overflow {
		p.fill(o, length)
	}
	n := length - len(e.IDs)
	if n <= 0 {
		return
	}
	padding := &Encoding{
		IDs: slices.Repeat([]int32{p.ID}, n), Tokens: slices.Repeat([]string{p.Token}, n), Offsets: make([]Span, n),
		Words: slices.Repeat([]int32{-1}, n), Types: slices.Repeat([]int32{p.Type}, n), Texts: slices.Repeat([]int32{-1}, n),
		Attention: make([]int32, n),
	}
	padded := e.joined(padding)
	if p.Direction == Left {
		padded = padding.joined(e)
	}
	padded.Overflow, padded.runes = e.Overflow, e.runes
	*e = *padded
}

type jsonPadding struct {
	Strategy   json.RawMessage `json:"strategy"`
	Direction  Direction       `json:"direction"`
	MultipleOf *int            `json:"pad_to_multiple_of"`
	ID         int32           `json:"pad_id"`
	Type       int32           `json:"pad_type_id"`
	Token      string          `json:"pad_token"`
}

// MarshalJSON returns p in the form of tokenizer.json.
func (p Padding) MarshalJSON() ([]byte, error) {
	f := jsonPadding{Strategy: json.RawMessage(`"BatchLongest"`), Direction: p.Direction, ID: p.ID, Type: p.Type, Token: p.Token}
	if f.Direction == "" {
		f.Direction = Right
	}
	if p.MultipleOf > 0 {
		f.MultipleOf = &p.MultipleOf
	}
	if p.Length > 0 {
		raw, err := json.Marshal(map[string]int{"Fixed": p.Length})
		if err != nil {
			return nil, errors.WithStack(err)
		}
		f.Strategy = raw
	}
	return marshal(f)
}

// UnmarshalJSON reads p in the form of tokenizer.json.
func (p *Padding) UnmarshalJSON(data []byte) error {
	var f jsonPadding
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.WithStack(err)
	}
	*p = Padding{Direction: f.Direction, ID: f.ID, Type: f.Type, Token: f.Token}
	if f.MultipleOf != nil {
		p.MultipleOf = *f.MultipleOf
	}
	var name string
	var fixed struct{ Fixed int }
	switch {
	case json.Unmarshal(f.Strategy, &name) == nil && name == "BatchLongest":
	case json.Unmarshal(f.Strategy, &fixed) == nil && fixed.Fixed > 0:
		p.Length = fixed.Fixed
	default:
		return errors.Errorf("strategy: got %s, want \"BatchLongest\" or {\"Fixed\": n}", f.Strategy)
	}
	return p.check()
}
