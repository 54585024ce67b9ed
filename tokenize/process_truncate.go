package tokenize

import "github.com/pkg/errors"

// Strategy selects the text of a pair that Truncation cuts.
type Strategy string

// The strategies, under Hugging Face's names.
const (
	LongestFirst Strategy = "LongestFirst" // the longer text, then both if they are still too long
	OnlyFirst    Strategy = "OnlyFirst"
	OnlySecond   Strategy = "OnlySecond"
)

// Direction is the end of a text that Truncation cuts or Padding extends.
type Direction string

// The directions.
const (
	Right Direction = "Right"
	Left  Direction = "Left"
)

func (d Direction) check() error {
	if d != "" && d != Right && d != Left {
		return errors.Errorf("direction: got %q, want %s or %s", string(d), Right, Left)
	}
	return nil
}

// Truncation cuts encodings to at most MaxLength tokens, including the tokens that the PostProcessor adds. The tokens
// that are cut off become Encoding.Overflow: windows of the same length, each of which begins with the last Stride tokens
// of the previous one.
type Truncation struct {
	Direction Direction `json:"direction"` // "" means Right
	MaxLength int       `json:"max_length"`
	Strategy  Strategy  `json:"strategy"` // "" means LongestFirst
	Stride    int       `json:"stride"`
}

func (c Truncation) check() error {
	switch c.Strategy {
	case "", LongestFirst, OnlyFirst, OnlySecond:
	default:
		return errors.Errorf("unknown strategy %q", string(c.Strategy))
	}
	if c.MaxLength < 0 || c.Stride < 0 {
		return errors.Errorf("max_length %d and stride %d: neither may be negative", c.MaxLength, c.Stride)
	}
	return c.Direction.check()
}

// MarshalJSON returns c in the form of tokenizer.json.
func (c Truncation) MarshalJSON() ([]byte, error) {
	if c.Direction == "" {
		c.Direction = Right
	}
	if c.Strategy == "" {
		c.Strategy = LongestFirst
	}
	type fields Truncation
	return marshal(fields(c))
}

// truncate cuts the encodings of one or two texts.
func (t *Tokenizer) truncate(parts []*Encoding) error {
	c := *t.Truncation
	if err := c.check(); err != nil {
		return errors.WithMessage(err, "tokenize: truncate")
	}
	added, err := t.addedTokens(len(parts))
	if err != nil {
		return err
	}
	if added > c.MaxLength {
		return errors.Errorf("tokenize: truncate: max_length %d has no room for the %d tokens that are added", c.MaxLength, added)
	}
	lengths, err := c.lengths(parts, c.MaxLength-added)
	if err != nil {
		return err
	}
	for i, e := range parts {
		if parts[i], err = c.cut(e, lengths[i]); err != nil {
			return err
		}
	}
	return nil
}

// addedTokens returns the number of tokens that the PostProcessor adds to n texts.
func (t *Tokenizer) addedTokens(n int) (int, error) {
	if t.Bare || t.stages.PostProcessor == nil {
		return 0, nil
	}
	empty := make([]*Encoding, n)
	for i := range empty {
		empty[i] = &Encoding{}
	}
	parts, err := t.stages.PostProcessor.Process(empty)
	if err != nil {
		return 0, err
	}
	return len(mergeParts(parts).IDs), nil
}

// lengths returns the number of tokens that each of one or two texts may keep, limit in total.
func (c Truncation) lengths(parts []*Encoding, limit int) ([]int, error) {
	lengths := make([]int, len(parts))
	total := 0
	for i, e := range parts {
		lengths[i] = len(e.IDs)
		total += len(e.IDs)
	}
	switch {
	case total <= limit:
		return lengths, nil
	case limit == 0:
		return make([]int, len(parts)), nil
	case c.Strategy == OnlyFirst, c.Strategy == OnlySecond:
		i := 0
		if c.Strategy == OnlySecond {
			i = 1
		}
		if i >= len(parts) {
			return nil, errors.Errorf("tokenize: truncate: strategy %s, but there is no second text", c.Strategy)
		}
		if lengths[i] <= total-limit {
			return nil, errors.Errorf("tokenize: truncate: strategy %s: %d of its %d tokens would have to be cut: use LongestFirst",
				c.Strategy, total-limit, lengths[i])
		}
		lengths[i] -= total - limit
	case len(parts) == 1:
		lengths[0] = limit
	default:
		short, long := 0, 1
		if lengths[0] > lengths[1] {
			short, long = 1, 0
		}
		lengths[long] = max(lengths[short], limit-lengths[short])
		if lengths[0]+lengths[1] > limit {
			lengths[short] = limit / 2
			lengths[long] = limit/2 + limit%2
		}
	}
	return lengths, nil
}

// cut returns the first window of e, of n tokens, with the other windows as its overflow.
func (c Truncation) cut(e *Encoding, n int) (*Encoding, error) {
	size := len(e.IDs)
	switch {
	case n >= size:
		return e, nil
	case n == 0:
		return &Encoding{Overflow: []*Encoding{e}, runes: e.runes}, nil
	case c.Stride >= n:
		return nil, errors.Errorf("tokenize: truncate: stride %d must be below the %d tokens that a text keeps", c.Stride, n)
	}
	var windows []*Encoding
	if c.Direction == Left {
		for end := size; ; end -= n - c.Stride {
			windows = append(windows, e.slice(max(0, end-n), end))
			if end <= n {
				break
			}
		}
	} else {
		for start := 0; ; start += n - c.Stride {
			windows = append(windows, e.slice(start, min(start+n, size)))
			if start+n >= size {
				break
			}
		}
	}
	windows[0].Overflow = windows[1:]
	return windows[0], nil
}
