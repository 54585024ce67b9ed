package job

import (
	"fmt"
	"strconv"

	"github.com/pkg/errors"
)

// optional is a flag that may be unset. Its text is then "".
type optional[T int | float64] struct {
	at    **T
	parse func(string) (T, error)
}

// String implements flag.Value.
func (o optional[T]) String() string {
	if o.at == nil || *o.at == nil {
		return ""
	}
	return fmt.Sprint(**o.at)
}

// Get implements flag.Getter. An unset flag has the value 0.
func (o optional[T]) Get() any {
	var v T
	if o.at != nil && *o.at != nil {
		v = **o.at
	}
	return v
}

// Set implements flag.Value. The text none unsets the flag.
func (o optional[T]) Set(text string) error {
	if text == "none" {
		*o.at = nil
		return nil
	}
	v, err := o.parse(text)
	if err != nil {
		return errors.New("parse error")
	}
	*o.at = &v
	return nil
}

func parseFloat(text string) (float64, error) { return strconv.ParseFloat(text, 64) }
