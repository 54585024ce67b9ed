package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// minWork is the number of cheap steps, about one element read and written, below which a chunk is not worth a worker.
const minWork = 1 << 14

// maxChunks bounds the chunks of a loop that keeps a partial result for each of them.
const maxChunks = 32

// ranger does the part lo ≤ i < hi of a loop.
type ranger interface{ Range(lo, hi int) }

// loop is one call of parallel while it runs. Chunks are taken by an atomic counter. The caller waits for the chunks, not
// for the workers: one that wakes up late finds no chunk and lets go, and whoever lets go last returns the loop.
type loop struct {
	body     ranger
	n, grain int
	chunks   int64
	next     atomic.Int64
	finished atomic.Int64
	holders  atomic.Int64
	failure  atomic.Pointer[failure]
	done     chan struct{}
	release  func()
}

// failure is the first panic of a loop's chunks.
type failure struct{ value any }

// work does chunks until none is left.
func (l *loop) work() {
	for {
		k := l.next.Add(1) - 1
		if k >= l.chunks {
			return
		}
		l.chunk(int(k) * l.grain)
	}
}

// chunk does one chunk. A panic in it is kept for the caller of parallel: in a worker nobody could recover from it.
func (l *loop) chunk(lo int) {
	defer func() {
		if r := recover(); r != nil {
			l.failure.CompareAndSwap(nil, &failure{r})
		}
		if l.finished.Add(1) == l.chunks {
			l.done <- struct{}{}
		}
	}()
	l.body.Range(lo, min(lo+l.grain, l.n))
}

// wait returns when all chunks are done.
func (l *loop) wait() {
	for range patience {
		select {
		case <-l.done:
			return
		default:
		}
	}
	<-l.done
}

func (l *loop) drop() {
	if l.holders.Add(-1) == 0 {
		l.release()
	}
}

// crew is the set of workers. It grows when GOMAXPROCS grows, and calls on fewer of them when GOMAXPROCS shrinks.
type crew struct {
	queue chan *loop
	mu    sync.Mutex
	size  atomic.Int64
	limit int
}

// The queue is bounded so that a send never has to wait; a loop that finds it full is done by its caller alone.
var workers = crew{queue: make(chan *loop, 256), limit: runtime.NumCPU()}

// ready returns the number of workers beside the caller, after starting those that are missing.
func (c *crew) ready() int {
	want := min(runtime.GOMAXPROCS(0), c.limit) - 1
	if int(c.size.Load()) >= want {
		return want
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for int(c.size.Load()) < want {
		go c.serve()
		c.size.Add(1)
	}
	return want
}

func (c *crew) serve() {
	for {
		l := c.wait()
		l.work()
		l.drop()
	}
}

// patience is the number of looks, a few nanoseconds each, that a waiting goroutine takes before it sleeps. The loops of a
// training step follow each other within microseconds, and to be woken up takes tens of them.
const patience = 1 << 15

func (c *crew) wait() *loop {
	for range patience {
		select {
		case l := <-c.queue:
			return l
		default:
		}
	}
	return <-c.queue
}

// call asks up to helpers workers to join in a loop.
func (c *crew) call(l *loop, helpers int) {
	for range helpers {
		l.holders.Add(1)
		select {
		case c.queue <- l:
		default:
			l.holders.Add(-1)
			return
		}
	}
}

// job is a loop together with the copy of its arguments that all workers share.
type job[A any] struct {
	loop
	args A
}

// parallel does args.Range on 0 ≤ i < n in chunks of grain, in any order and on several goroutines. Range is called with
// one whole chunk at a time, so that lo/grain numbers the chunks. A nested call is safe: it waits only for chunks that
// somebody is working on. A panic of Range is that of parallel, after all chunks are done.
func parallel[A any, P interface {
	*A
	ranger
}](n, grain int, args A) {
	if n <= 0 {
		return
	}
	j := take[job[A]]()
	j.args = args
	if n <= grain {
		P(&j.args).Range(0, n)
		retire(j)
		return
	}
	if j.done == nil {
		j.body, j.done, j.release = P(&j.args), make(chan struct{}, 1), func() { retire(j) }
	}
	j.n, j.grain, j.chunks = n, grain, int64((n+grain-1)/grain)
	j.next.Store(0)
	j.finished.Store(0)
	j.holders.Store(1)
	workers.call(&j.loop, min(workers.ready(), int(j.chunks)-1))
	j.work()
	j.wait()
	failed := j.failure.Swap(nil)
	j.drop()
	if failed != nil {
		panic(failed.value)
	}
}

// retire forgets the operands, which the reserve must not keep alive.
func retire[A any](j *job[A]) {
	var none A
	j.args = none
	give(j)
}

// rowGrain is the number of rows of the given cost, counted in cheap steps, that make up a chunk.
func rowGrain(cost int) int { return max(1, minWork/max(1, cost)) }

// partialGrain is rowGrain for a loop that keeps a partial result per chunk: at most maxChunks of them.
func partialGrain(rows, cost int) int { return max(rowGrain(cost), (rows+maxChunks-1)/maxChunks) }
