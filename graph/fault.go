package graph

import (
	"runtime/debug"

	"github.com/pkg/errors"
)

// CatchFaults calls f. If f, or a kernel that it calls, reads memory that the system cannot give, the result is an error and the process goes
// on. Weights in a file that is mapped into memory are such memory once another program has cut the file. [Program.Run] does the same.
func CatchFaults(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if err = faultOf(r); err == nil {
				panic(r)
			}
		}
	}()
	return f()
}

// faultOf returns the error of a panic that debug.SetPanicOnFault documents, nil for others.
func faultOf(r any) error {
	if fault, ok := r.(interface{ Addr() uintptr }); ok {
		return errors.Errorf("fault: memory at %#x cannot be read: a file of weights was cut while it was in use, or its disk failed: open the model again, and replace such files by renaming", fault.Addr())
	}
	return nil
}
