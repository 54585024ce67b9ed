package table

// Pool keeps memory for goroutines. The zero value keeps none.
type Pool[T any] chan *T

func NewPool[T any]() Pool[T] { return make(chan *T, maxScratch) }

func (p Pool[T]) Get() *T {
	select {
	case s := <-p:
		return s
	default:
		return new(T)
	}
}

func (p Pool[T]) Put(s *T) {
	select {
	case p <- s:
	default:
	}
}

// maxScratch bounds the memories kept: more goroutines at once allocate.
const maxScratch = 16
