package kernel_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// withWorkers runs f as if the machine had n processors.
func withWorkers(n int, f func()) {
	limit, procs := kernel.SetProcessors(n), runtime.GOMAXPROCS(n)
	defer func() {
		kernel.SetProcessors(limit)
		runtime.GOMAXPROCS(procs)
	}()
	f()
}

func TestParallelCoversOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 4, 8} {
		withWorkers(workers, func() {
			for _, n := range []int{0, 1, 9, 10, 11, 1000, 12345} {
				seen := make([]int32, n)
				kernel.Parallel(n, 10, func(lo, hi int) {
					if lo%10 != 0 || hi != min(lo+10, n) {
						t.Errorf("got chunk [%d, %d) of %d, want one of 10", lo, hi, n)
					}
					for i := lo; i < hi; i++ {
						atomic.AddInt32(&seen[i], 1)
					}
				})
				for i, v := range seen {
					if v != 1 {
						t.Fatalf("%d workers: index %d of %d was done %d times, want 1", workers, i, n, v)
					}
				}
			}
		})
	}
}

func TestParallelNested(t *testing.T) {
	withWorkers(4, func() {
		var total atomic.Int64
		kernel.Parallel(20, 1, func(lo, _ int) {
			kernel.Parallel(30, 1, func(inner, _ int) { total.Add(int64(lo*30 + inner)) })
		})
		if got, want := total.Load(), int64(600*599/2); got != want {
			t.Errorf("got sum %d, want %d", got, want)
		}
	})
}

// Many goroutines share the pool; each must find its own results.
func TestParallelConcurrent(t *testing.T) {
	withWorkers(4, func() {
		var wg sync.WaitGroup
		for k := range 8 {
			wg.Go(func() {
				x := make([]float64, 50000)
				for round := range 20 {
					kernel.Fill(x, float64(k*round))
					if got, want := kernel.Sum(x), float64(k*round*len(x)); got != want {
						t.Errorf("goroutine %d: got sum %g, want %g", k, got, want)
					}
				}
			})
		}
		wg.Wait()
	})
}

func BenchmarkParallel(b *testing.B) {
	x := make([]float32, 1<<16)
	b.Run("serial", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			kernel.Fill(x[:64], 1)
		}
	})
	b.Run("4_chunks", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			kernel.Fill(x, 1)
		}
	})
}

// TestParallelPanics checks that a panic in any chunk reaches the caller after all other chunks are done, and that the
// pool keeps working.
func TestParallelPanics(t *testing.T) {
	withWorkers(4, func() {
		for round := range 200 {
			var done atomic.Int64
			got := func() (r any) {
				defer func() { r = recover() }()
				kernel.Parallel(64, 1, func(lo, _ int) {
					if lo%8 == round%8 {
						panic("broken")
					}
					done.Add(1)
				})
				return nil
			}()
			if got != "broken" || done.Load() != 56 {
				t.Fatalf("got panic %v after %d chunks, want broken after 56", got, done.Load())
			}
			done.Store(0)
			kernel.Parallel(64, 1, func(int, int) { done.Add(1) })
			if done.Load() != 64 {
				t.Fatalf("afterwards: got %d chunks, want 64", done.Load())
			}
		}
	})
}
