//go:build mpi

package mpi

// #cgo pkg-config: ompi-c
// #include "comm.h"
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"

	"github.com/gorgoformer/gorgoformer/train"
)

// world is the ranks of this process's launcher.
type world struct {
	rank, size int
	calls      chan func() C.int
	codes      chan C.int
	lost       C.int
}

var (
	joining sync.Once
	joined  *world
	failed  error
)

// Join returns the ranks of this process's launcher, nil if there is none. All calls return the same ranks. Ranks other than 0 write
// nothing to standard output from then on.
func Join() (train.Group, error) {
	if _, ok := Launched(); !ok {
		return nil, nil
	}
	joining.Do(func() {
		w := &world{calls: make(chan func() C.int), codes: make(chan C.int)}
		go w.serve()
		if code := <-w.codes; code != 0 {
			failed = errors.Errorf("mpi: MPI_Init_thread: %s", C.GoString(C.mpi_text(code)))
			return
		}
		joined = w
		if w.rank > 0 {
			failed = silence()
		}
	})
	if failed != nil {
		return nil, failed
	}
	return joined, nil
}

// silence discards standard output.
func silence() error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return errors.WithStack(err)
	}
	defer null.Close()
	return errors.Wrap(unix.Dup2(int(null.Fd()), 1), "mpi: standard output")
}

// serve makes all calls of MPI on one thread. Between the calls it exchanges signs of life.
func (w *world) serve() {
	runtime.LockOSThread()
	var rank, size C.int
	code := C.mpi_join(C.double(Patience.Seconds()), &rank, &size)
	w.rank, w.size = int(rank), int(size)
	w.codes <- code
	if code != 0 {
		return
	}
	beat := time.NewTicker(200 * time.Millisecond)
	for {
		select {
		case call := <-w.calls:
			if call == nil {
				w.codes <- C.mpi_leave(&w.lost)
				return
			}
			w.codes <- call()
		case <-beat.C:
			if code := C.mpi_beat(&w.lost); code != 0 {
				w.end(w.failure(code, "no call"))
			}
		}
	}
}

// end reports an error that no call returns, and ends all ranks.
func (w *world) end(err error) {
	fmt.Fprintln(os.Stderr, err)
	C.mpi_abort()
	os.Exit(1)
}

// failure returns the error of a code.
func (w *world) failure(code C.int, what string) error {
	if code == C.RANK_LOST {
		return errors.Errorf("mpi: rank %d on %s has given no sign of life for %v: the run ends, -resume continues it from the last checkpoint",
			w.lost, C.GoString(C.mpi_host(w.lost)), Patience)
	}
	return errors.Errorf("mpi: rank %d: %s: %s: -resume continues the run from the last checkpoint", w.rank, what, C.GoString(C.mpi_text(code)))
}

// do makes a call in pieces that MPI can count.
func (w *world) do(data []byte, what string, rank int, call func(at unsafe.Pointer, n C.int) C.int) error {
	const most = 1 << 30
	for len(data) > 0 {
		n := min(len(data), most)
		at := unsafe.Pointer(unsafe.SliceData(data))
		w.calls <- func() C.int { return call(at, C.int(n)) }
		if code := <-w.codes; code == C.RANK_SHORT {
			return errors.Errorf("mpi: rank %d: %s rank %d: its message is shorter than %d bytes: do all ranks run the same program?", w.rank, what, rank, n)
		} else if code != 0 {
			return w.failure(code, fmt.Sprintf("%s rank %d on %s", what, rank, C.GoString(C.mpi_host(C.int(rank)))))
		}
		data = data[n:]
	}
	return nil
}

// Rank implements train.Group.
func (w *world) Rank() int { return w.rank }

// Size implements train.Group.
func (w *world) Size() int { return w.size }

// Send implements train.Group.
func (w *world) Send(to int, data []byte) error {
	return w.do(data, "send to", to, func(at unsafe.Pointer, n C.int) C.int { return C.mpi_send(at, n, C.int(to), &w.lost) })
}

// Receive implements train.Group.
func (w *world) Receive(from int, data []byte) error {
	return w.do(data, "receive from", from, func(at unsafe.Pointer, n C.int) C.int {
		var got C.int
		return C.mpi_receive(at, n, C.int(from), &got, &w.lost)
	})
}

// Broadcast implements train.Group.
func (w *world) Broadcast(from int, data []byte) error {
	return w.do(data, "broadcast from", from, func(at unsafe.Pointer, n C.int) C.int { return C.mpi_broadcast(at, n, C.int(from), &w.lost) })
}

func leave() error {
	if joined == nil {
		return nil
	}
	joined.calls <- nil
	if code := <-joined.codes; code != 0 {
		return joined.failure(code, "leave")
	}
	joined = nil
	return nil
}

// Abort ends all ranks. Without ranks it does nothing.
func Abort() {
	if joined != nil {
		C.mpi_abort()
	}
}
