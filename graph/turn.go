package graph

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
)

// declaring lets one goroutine at a time make Gorgonia nodes. Gorgonia's constants, such as the 1 that a gradient starts with, and its
// counter of groups are shared by all graphs, and any call may change them.
var declaring turn

// turn is a lock that its holder may take again, as a declaration does that builds another graph.
type turn struct {
	mu     sync.Mutex
	holder atomic.Pointer[[]byte] // the goroutine that holds mu
}

// take waits for the lock. The returned function releases it.
func (t *turn) take() (release func()) {
	me := goroutine()
	if holder := t.holder.Load(); holder != nil && bytes.Equal(*holder, me) {
		return func() {}
	}
	t.mu.Lock()
	t.holder.Store(&me)
	return func() {
		t.holder.Store(nil)
		t.mu.Unlock()
	}
}

// goroutine returns the identity of the calling goroutine. Go offers no way to it but the first line of a stack trace,
// "goroutine 7 [running]:".
func goroutine() []byte {
	trace := make([]byte, 64)
	trace = trace[:runtime.Stack(trace, false)]
	id, _, _ := bytes.Cut(trace, []byte(" ["))
	return id
}
