// Package guard turns panics of goroutines into errors.
package guard

import "github.com/pkg/errors"

// Do calls do and returns its error. It turns a panic into an error, because a caller cannot recover from a panic in another
// goroutine.
func Do(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("panic: %v", p)
		}
	}()
	return do()
}
