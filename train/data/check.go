package data

import (
	"fmt"

	"github.com/pkg/errors"
)

// checkSizes refuses sizes below 1. They are given as "B", b, "T", t.
func checkSizes(sizes ...any) error {
	for i := 0; i < len(sizes); i += 2 {
		if n := sizes[i+1].(int); n < 1 {
			return errors.Errorf("%v is %d, want at least 1", sizes[i], n)
		}
	}
	return nil
}

// checkBatch refuses numbers outside 0 … n-1; n is -1 for endless sources.
func checkBatch(i, n int) error {
	if i < 0 || n >= 0 && i >= n {
		last := "…"
		if n >= 0 {
			last = fmt.Sprint("… ", n-1)
		}
		return errors.Errorf("there is no batch %d: they are numbered 0 %s", i, last)
	}
	return nil
}
