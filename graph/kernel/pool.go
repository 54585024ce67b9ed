package kernel

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// minWork is the least work of a chunk that is worth a worker, in cheap steps. A step reads and writes about one
// element.
const minWork = 1 << 14

// maxChunks bounds the chunks of a loop that keeps a partial result for each chunk.
const maxChunks = 32

// ranger runs the iterations lo ≤ i < hi of a loop.
type ranger interface{ Range(lo, hi int) }

// loop is one running call of parallel. An atomic counter hands out the chunks. The caller waits for the chunks, not for
// the workers: a worker that wakes up late finds no chunk and drops the loop. The last holder that drops it releases it.
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

// work runs chunks until none is left.
func (l *loop) work() {
	for {
		k := l.next.Add(1) - 1
		if k >= l.chunks {
			return
		}
		l.chunk(int(k) * l.grain)
	}
}

// chunk runs one chunk. It keeps a panic for the caller of parallel, because nobody can recover from a panic in a
// worker.
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
	for range spins {
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

// pool is a set of workers. It grows when GOMAXPROCS grows. When GOMAXPROCS shrinks, fewer workers are called.
type pool struct {
	queue chan *loop
	mu    sync.Mutex
	size  atomic.Int64
	limit int
}

// workers is the pool of all kernels. A send to its bounded queue never blocks: if the queue is full, fewer workers join
// the loop.
var workers = pool{queue: make(chan *loop, 256), limit: runtime.NumCPU()}

// ready starts missing workers and returns the number of workers in addition to the caller.
func (p *pool) ready() int {
	want := min(runtime.GOMAXPROCS(0), p.limit) - 1
	if int(p.size.Load()) >= want {
		return want
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for int(p.size.Load()) < want {
		go p.serve()
		p.size.Add(1)
	}
	return want
}

// serve makes faults panics, which chunk keeps for the caller: weights may be in a mapped file that another program cuts.
func (p *pool) serve() {
	debug.SetPanicOnFault(true)
	for {
		l := p.wait()
		l.work()
		l.drop()
	}
}

// spins is the number of polls, a few nanoseconds each, before a waiting goroutine sleeps. The loops of a training step
// follow each other within microseconds, but waking a goroutine takes tens of microseconds.
const spins = 1 << 15

func (p *pool) wait() *loop {
	for range spins {
		select {
		case l := <-p.queue:
			return l
		default:
		}
	}
	return <-p.queue
}

// call asks up to helpers workers to join a loop.
func (p *pool) call(l *loop, helpers int) {
	for range helpers {
		l.holders.Add(1)
		select {
		case p.queue <- l:
		default:
			l.holders.Add(-1)
			return
		}
	}
}

// job is a loop with the copy of its arguments that all workers share.
type job[A any] struct {
	loop
	args A
}

// parallel calls args.Range on chunks of grain iterations that cover 0 ≤ i < n, in any order and on several goroutines.
// Each call gets one whole chunk, so lo/grain is the number of the chunk. Nested calls are safe: a call waits only for
// chunks that a worker is running. If Range panics, parallel panics after all chunks are done.
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

// retire clears the operands, so that the reserve does not keep them alive, and gives j back.
func retire[A any](j *job[A]) {
	var none A
	j.args = none
	give(j)
}

// rowGrain returns the number of rows in a chunk. cost is the work of a row in cheap steps.
func rowGrain(cost int) int { return max(1, minWork/max(1, cost)) }

// partialGrain is rowGrain for a loop that keeps a partial result for each chunk: it makes at most maxChunks chunks.
func partialGrain(rows, cost int) int { return max(rowGrain(cost), (rows+maxChunks-1)/maxChunks) }
