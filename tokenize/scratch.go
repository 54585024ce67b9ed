package tokenize

// scratchPool keeps memory for goroutines. The zero value keeps none.
type scratchPool[T any] chan *T

func newScratchPool[T any]() scratchPool[T] { return make(chan *T, maxScratch) }

func (p scratchPool[T]) get() *T {
	select {
	case s := <-p:
		return s
	default:
		return new(T)
	}
}

func (p scratchPool[T]) put(s *T) {
	select {
	case p <- s:
	default:
	}
}
