package tokenize

import "github.com/pkg/errors"

// guard runs do in a goroutine of ours. A panic, of a stage of the caller or of our own, becomes an error with the stack
// of its place, because the caller cannot recover from a panic in another goroutine.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("panic: %v", p)
		}
	}()
	return do()
}
