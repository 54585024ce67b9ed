package data

import (
	"fmt"

	"github.com/pkg/errors"
)

// checkSizes returns an error for the first size below 1. The arguments are names and sizes in turn: "B", b, "T", t.
func checkSizes(sizes ...any) error {
	for i := 0; i < len(sizes); i += 2 {
		if n := sizes[i+1].(int); n < 1 {
			return errors.Errorf("%v is %d, want at least 1", sizes[i], n)
		}
	}
	return nil
}

// checkBatch returns an error if i is outside 0 … n-1. For endless sources n is -1.
func checkBatch(i, n int) error {
	if i < 0 || n >= 0 && i >= n {
		last := "…"
		if n >= 0 {
			last = fmt.Sprint("… ", n-1)
		}
		return errors.Errorf("no batch %d: batches are numbered 0 %s", i, last)
	}
	return nil
}
