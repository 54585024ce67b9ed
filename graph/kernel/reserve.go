package kernel

import "sync"

// reserve keeps values of one type between uses. Unlike a sync.Pool it never drops one, so that a warm kernel allocates
// nothing even across garbage collections; it holds as many as were ever in use at once.
type reserve[V any] struct {
	mu   sync.Mutex
	idle []*V
}

// reserves holds one *reserve[V] for each V, under the key (*V)(nil): a generic function has no variables of its own.
var reserves sync.Map

func reserveOf[V any]() *reserve[V] {
	key := any((*V)(nil))
	if r, ok := reserves.Load(key); ok {
		return r.(*reserve[V])
	}
	r, _ := reserves.LoadOrStore(key, new(reserve[V]))
	return r.(*reserve[V])
}

// take hands out an idle value, or a fresh one; its contents are whatever the last user left.
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

// give returns a value from take.
func give[V any](v *V) {
	r := reserveOf[V]()
	r.mu.Lock()
	r.idle = append(r.idle, v)
	r.mu.Unlock()
}

// buffer is scratch memory that grows and stays.
type buffer[T any] struct{ data []T }

// sized returns n elements with undefined contents.
func (b *buffer[T]) sized(n int) []T {
	if cap(b.data) < n {
		b.data = make([]T, n)
	}
	return b.data[:n]
}

// zeroed returns n elements that are zero.
func (b *buffer[T]) zeroed(n int) []T {
	s := b.sized(n)
	clear(s)
	return s
}
