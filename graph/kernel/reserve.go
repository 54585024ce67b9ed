package kernel

import (
	"reflect"
	"sync"
)

// reserve keeps idle values of one type for reuse. Unlike a sync.Pool it never drops a value, so that a warm kernel
// allocates nothing even across garbage collections. It holds as many values as were ever in use at once.
type reserve[V any] struct {
	mu   sync.Mutex
	idle []*V
}

// reserves maps the type V to the *reserve[V] of each V, because a generic function has no variables of its own. Nil pointers of
// different types would be keys with equal hashes.
var reserves sync.Map

func reserveOf[V any]() *reserve[V] {
	key := reflect.TypeFor[V]()
	if r, ok := reserves.Load(key); ok {
		return r.(*reserve[V])
	}
	r, _ := reserves.LoadOrStore(key, new(reserve[V]))
	return r.(*reserve[V])
}

// take returns an idle value, or a new value if none is idle. An idle value has the contents of its last use.
func take[V any]() *V {
	r := reserveOf[V]()
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	if last < 0 {
		return new(V)
	}
	v := r.idle[last]
	r.idle = r.idle[:last]
	return v
}

// give makes a value from take idle again.
func give[V any](v *V) {
	r := reserveOf[V]()
	r.mu.Lock()
	r.idle = append(r.idle, v)
	r.mu.Unlock()
}

// buffer is scratch memory that only grows.
type buffer[T any] struct{ data []T }

// sized returns n elements with undefined contents.
func (b *buffer[T]) sized(n int) []T {
	if cap(b.data) < n {
		b.data = make([]T, n)
	}
	return b.data[:n]
}

// zeroed returns n zeros.
func (b *buffer[T]) zeroed(n int) []T {
	s := b.sized(n)
	clear(s)
	return s
}
