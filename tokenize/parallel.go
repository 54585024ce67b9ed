package tokenize

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/guard"
)

// inParallel calls do for 0 … n−1 in GOMAXPROCS goroutines. It returns the error of the lowest index.
func inParallel(n int, do func(i int) error) error {
	var next atomic.Int64
	var group errgroup.Group
	errs := make([]error, n)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if errs[i] = guard.Do(func() error { return do(i) }); errs[i] != nil {
					return errs[i]
				}
			}
		})
	}
	if group.Wait() == nil {
		return nil
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
