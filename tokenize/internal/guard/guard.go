// Package guard turns panics of goroutines into errors.
package guard

import "github.com/pkg/errors"

// Do runs do, and returns its error. A panic of do becomes an error: the caller of a package cannot recover from a panic in a
// goroutine of the package.
func Do(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("panic: %v", p)
		}
	}()
	return do()
}
