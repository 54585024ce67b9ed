package table

// Pool keeps memory for reuse by goroutines. The zero value keeps none.
type Pool[T any] chan *T

// NewPool returns an empty Pool.
func NewPool[T any]() Pool[T] { return make(chan *T, maxScratch) }

// Get returns a kept T, or a new one.
func (p Pool[T]) Get() *T {
	select {
	case s := <-p:
		return s
	default:
		return new(T)
	}
}

// Put keeps s, unless the Pool is full.
func (p Pool[T]) Put(s *T) {
	select {
	case p <- s:
	default:
	}
}

// maxScratch is the capacity of a Pool. If more goroutines encode at once, the others allocate.
const maxScratch = 16
