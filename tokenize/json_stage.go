package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// maxNesting is the maximal depth of a Sequence in others. Each level parses its contents again.
const maxNesting = 8

// reader reads a component of one type.
type reader[I any] func(raw json.RawMessage, depth int) (I, error)

// read returns the reader of a component whose keys are the fields of T. v holds the values of missing keys.
func read[I, T any](v T) reader[I] {
	return func(raw json.RawMessage, _ int) (I, error) {
		part := v
		var none I
		if err := json.Unmarshal(raw, &part); err != nil {
			return none, errors.WithStack(err)
		}
		if c, ok := any(part).(checker); ok {
			if err := c.check(); err != nil {
				return none, err
			}
		}
		return any(part).(I), nil
	}
}

// parseStage reads a component by its type. null is the zero value.
func parseStage[I any](raw json.RawMessage, depth int, readers map[string]reader[I]) (stage I, err error) {
	if isNull(raw) {
		return stage, nil
	}
	kind, err := kindOf(raw)
	if err != nil {
		return stage, err
	}
	r, ok := readers[kind]
	if !ok {
		return stage, unknownKind(kind)
	}
	stage, err = r(raw, depth)
	if kind != "Sequence" {
		err = errors.WithMessage(err, kind)
	}
	return stage, err
}

// sequence parses the parts of a Sequence: the array under key.
func sequence[T any](raw json.RawMessage, key string, depth int, parse func(json.RawMessage, int) (T, error)) ([]T, error) {
	if depth >= maxNesting {
		return nil, errors.Errorf("Sequence: nested more than %d deep", maxNesting)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, errors.WithStack(err)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(fields[key], &parts); err != nil {
		return nil, errors.Wrapf(err, "Sequence: %s", key)
	}
	list := make([]T, len(parts))
	for i, part := range parts {
		if isNull(part) {
			return nil, errors.Errorf("Sequence: %s[%d]: null", key, i)
		}
		var err error
		if list[i], err = parse(part, depth+1); err != nil {
			return nil, errors.WithMessagef(err, "Sequence: %s[%d]", key, i)
		}
	}
	return list, nil
}
