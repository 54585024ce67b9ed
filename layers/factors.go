package layers

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// Factors is a list of numbers, as a JSON array in a string. Unlike a slice, it can be compared. In JSON it is the array itself.
type Factors string

// NewFactors returns the list of v.
func NewFactors(v ...float64) Factors {
	text, err := json.Marshal(v)
	if err != nil { // NaN and infinities have no JSON; Values reports them
		return "[null]"
	}
	return Factors(text)
}

// Values returns the numbers.
func (f Factors) Values() ([]float64, error) {
	if f == "" {
		return nil, nil
	}
	var pointers []*float64
	if err := json.Unmarshal([]byte(f), &pointers); err != nil {
		return nil, errors.Wrapf(err, "factors %q", string(f))
	}
	v := make([]float64, len(pointers))
	for i, p := range pointers {
		if p == nil {
			return nil, errors.Errorf("factors %q: want finite numbers", string(f))
		}
		v[i] = *p
	}
	return v, nil
}

// MarshalJSON implements json.Marshaler.
func (f Factors) MarshalJSON() ([]byte, error) {
	if f == "" {
		return []byte("null"), nil
	}
	return []byte(f), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (f *Factors) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*f = ""
		return nil
	}
	var v []float64
	if err := json.Unmarshal(data, &v); err != nil {
		return errors.Wrap(err, "factors")
	}
	*f = NewFactors(v...)
	return nil
}
