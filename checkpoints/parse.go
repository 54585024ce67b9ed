package checkpoints

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"

	"github.com/pkg/errors"
)

// parser reads the JSON of a header token by token, because decoding into maps and structs would silently accept duplicate
// names and unknown fields. It keeps the first error.
type parser struct {
	dec *json.Decoder
	at  string // name of the current tensor, for errors
	err error
}

// parseHeader reads the JSON object of a header: tensors by name and optional metadata.
func parseHeader(text []byte) (metadata map[string]string, entries []entry, err error) {
	p := &parser{dec: json.NewDecoder(bytes.NewReader(text))}
	p.dec.UseNumber()
	if len(text) == 0 || text[0] != '{' {
		return nil, nil, errors.Errorf("the header begins with %.1q, it must begin with %q", text, "{")
	}
	p.object(func(name string) {
		if name == metadataKey {
			metadata = p.metadata()
			return
		}
		p.at = name
		entries = append(entries, p.entry(name))
		p.at = ""
	})
	if p.err != nil {
		return nil, nil, p.err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, nil, errors.Errorf("the header continues after its JSON object, which ends at byte %d", p.dec.InputOffset())
	}
	return metadata, entries, nil
}

func (p *parser) failf(format string, args ...any) {
	if p.err != nil {
		return
	}
	p.err = errors.Errorf(format, args...)
	if p.at != "" {
		p.err = errors.WithMessagef(p.err, "tensor %.200q", p.at)
	}
}

// token returns the next token, or nil after an error.
func (p *parser) token() json.Token {
	if p.err != nil {
		return nil
	}
	t, err := p.dec.Token()
	if err != nil {
		p.failf("the header is bad JSON at byte %d: %v", p.dec.InputOffset(), err)
		return nil
	}
	return t
}

func (p *parser) delim(want json.Delim) {
	if t := p.token(); p.err == nil && t != want {
		p.failf("the header has %.40q at byte %d, want %q", textOf(t), p.dec.InputOffset(), want.String())
	}
}

// object calls each with every key of an object; each must read the key's value.
func (p *parser) object(each func(key string)) {
	p.delim('{')
	seen := map[string]bool{}
	for p.err == nil && p.dec.More() {
		key, _ := p.token().(string) // the decoder itself refuses other keys
		if p.err == nil && seen[key] {
			p.failf("duplicate name %.200q", key)
			return
		}
		if p.err == nil {
			seen[key] = true
			each(key)
		}
	}
	p.delim('}')
}

func (p *parser) metadata() map[string]string {
	m := map[string]string{}
	p.object(func(key string) { m[key] = p.text() })
	return m
}

func (p *parser) text() string {
	t := p.token()
	s, ok := t.(string)
	if p.err == nil && !ok {
		p.failf("the header has %.40q at byte %d, want a string", textOf(t), p.dec.InputOffset())
	}
	return s
}

// counts reads an array of at most limit non-negative integers.
func (p *parser) counts(field string, limit int) []int {
	list := []int{}
	p.delim('[')
	for p.err == nil && p.dec.More() {
		if len(list) == limit {
			p.failf("%s has more than %d numbers", field, limit)
			return nil
		}
		list = append(list, p.count(field))
	}
	p.delim(']')
	return list
}

func (p *parser) count(field string) int {
	t := p.token()
	number, ok := t.(json.Number)
	if p.err == nil && !ok {
		p.failf("%s has %.40q, want a whole number", field, textOf(t))
	}
	if p.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(number.String(), 10, strconv.IntSize)
	switch {
	case errors.Is(err, strconv.ErrRange):
		p.failf("%s overflows: %.40s does not fit %d bits", field, number, strconv.IntSize)
	case err != nil:
		p.failf("%s has %.40s, want a whole number", field, number)
	case n < 0:
		p.failf("%s has the negative number %d", field, n)
	}
	return int(n)
}

// entry reads {"dtype": …, "shape": […], "data_offsets": [begin, end]}: all three fields and no others.
func (p *parser) entry(name string) entry {
	e := entry{name: name}
	var offsets []int
	p.object(func(field string) {
		switch field {
		case "dtype":
			e.dtype = Dtype(p.text())
		case "shape":
			e.shape = p.counts(field, maxAxes)
		case "data_offsets":
			offsets = p.counts(field, 2)
		default:
			p.failf("unknown field %.200q", field)
		}
	})
	switch {
	case e.dtype == "":
		p.failf("no dtype")
	case e.shape == nil:
		p.failf("no shape")
	case len(offsets) != 2:
		p.failf("data_offsets have %d numbers, want 2", len(offsets))
	default:
		e.begin, e.end = int64(offsets[0]), int64(offsets[1])
	}
	return e
}

// textOf returns a token as text for errors.
func textOf(t json.Token) string {
	switch t := t.(type) {
	case string:
		return t
	case json.Delim:
		return t.String()
	case json.Number:
		return t.String()
	case bool:
		return strconv.FormatBool(t)
	}
	return "null"
}
