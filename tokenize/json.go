package tokenize

import (
	"bytes"
	"encoding/json"

	"github.com/pkg/errors"
)

// named returns a component without fields.
func named(kind string) ([]byte, error) {
	return json.Marshal(map[string]string{"type": kind})
}

// typed returns a component with the fields of a struct.
func typed(kind string, fields any) ([]byte, error) {
	raw, err := marshal(fields)
	if err != nil {
		return nil, err
	}
	return append([]byte(`{"type":"`+kind+`",`), raw[1:]...), nil
}

// marshal is json.Marshal without escaping of <, > and &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

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

// option returns *v, or nil if v is nil.
func option[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// optional returns nil for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// deref returns *s, or "" if s is nil.
func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// kindOf returns the type of a component.
func kindOf(raw json.RawMessage) (string, error) {
	var c struct {
		Type string `json:"type"`
	}
	err := json.Unmarshal(raw, &c)
	return c.Type, errors.WithStack(err)
}

func unknownKind(kind string) error {
	return errors.Errorf("unknown type %q", kind)
}

// jsonError returns an error that names line and column of an offset in data.
func jsonError(data []byte, offset int64, what string, err error) error {
	before := data[:min(int(offset), len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	switch {
	case err == nil:
		return errors.Errorf("line %d, column %d: %s", line, column, what)
	case what == "":
		return errors.Wrapf(err, "line %d, column %d", line, column)
	}
	return errors.Wrapf(err, "line %d, column %d: %s", line, column, what)
}

// placedJSON adds line and column to an error of package json.
func placedJSON(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return jsonError(data, syntax.Offset, "", err)
	case errors.As(err, &kind):
		return jsonError(data, kind.Offset, "", err)
	}
	return errors.WithStack(err)
}
