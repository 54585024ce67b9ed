package flags

import (
	"strings"

	"github.com/pkg/errors"
)

// First returns the first error that is not nil.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// AtLeast returns an error that names the flag if value < least.
func AtLeast(flag string, value, least int) error {
	if value < least {
		return errors.Errorf("-%s is %d, want at least %d", flag, value, least)
	}
	return nil
}

// Between returns an error that names the flag unless least ≤ value ≤ most, the value of the flag mostName.
func Between(flag string, value, least int, mostName string, most int) error {
	if value > most {
		return errors.Errorf("-%s is %d, want at most -%s, which is %d", flag, value, mostName, most)
	}
	return AtLeast(flag, value, least)
}

// Below returns an error that names the flag unless 0 ≤ value < limit.
func Below(flag string, value, limit float64) error {
	if !(value >= 0 && value < limit) {
		return errors.Errorf("-%s is %g, want at least 0 and less than %g", flag, value, limit)
	}
	return nil
}

// List returns the parts of a flag's value, which are separated by commas. "" has none.
func List(value string) (parts []string) {
	for part := range strings.SplitSeq(value, ",") {
		if value != "" {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	return parts
}
