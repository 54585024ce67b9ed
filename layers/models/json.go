package models

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// whole is an integer of a configuration. JSON has one kind of number, so 12.0 and 1e3 are integers too.
type whole int

func (w *whole) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	n, err := integer(data, math.MinInt32, math.MaxInt32)
	if err == nil {
		*w = whole(n)
	}
	return err
}

// ids are token ids of a configuration. In JSON they are a number, a list of numbers, or null for none. A single id is written as
// a number.
type ids []int32

func (l *ids) UnmarshalJSON(data []byte) error {
	*l = nil
	var list []json.RawMessage
	switch {
	case string(data) == "null":
		return nil
	case data[0] != '[':
		list = []json.RawMessage{data}
	default:
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
	}
	for _, text := range list {
		id, err := integer(text, 0, math.MaxInt32)
		if err != nil {
			return errors.WithMessage(err, "token id")
		}
		*l = append(*l, int32(id))
	}
	return nil
}

func (l ids) MarshalJSON() ([]byte, error) {
	switch len(l) {
	case 0:
		return []byte("null"), nil
	case 1:
		return json.Marshal(l[0])
	}
	return json.Marshal([]int32(l))
}

// integer reads a whole number from least to most.
func integer(data []byte, least, most float64) (int, error) {
	var x *float64
	if err := json.Unmarshal(data, &x); err != nil {
		return 0, err
	}
	if x == nil { // or null would be 0
		return 0, errors.Errorf("null, want a whole number of %.0f … %.0f", least, most)
	}
	if *x != math.Trunc(*x) || *x < least || *x > most {
		return 0, errors.Errorf("%.40s, want a whole number of %.0f … %.0f", bytes.TrimSpace(data), least, most)
	}
	return int(*x), nil
}

// decode reads a JSON object into a struct. An error names the key of the wrong value.
func decode(data []byte, model string, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) == nil {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			one, e := json.Marshal(map[string]json.RawMessage{name: fields[name]})
			if e == nil {
				e = json.Unmarshal(one, into)
			}
			if e != nil {
				return errors.WithMessagef(e, "models: %s configuration: %s", model, name)
			}
		}
	}
	return errors.Wrapf(err, "models: %s configuration", model)
}

// family reports an error if a config.json is of another family than the model.
func family(model, got, want string) error {
	switch got {
	case want:
		return nil
	case "":
		return errors.Errorf("models: %s configuration: model_type is missing: if the file is of this family, add \"model_type\": %q", model, want)
	}
	return errors.Errorf("models: %s configuration: model_type is %q, want %q", model, got, want)
}
