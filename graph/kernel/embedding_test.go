package kernel_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

func testEmbedding[T kernel.Float](t *testing.T) {
	const rows = 11
	for _, cols := range []int{1, 3, 64, 700} {
		for _, n := range []int{0, 1, 5, 300} {
			ids := make([]int32, n)
			for i := range ids {
				ids[i] = int32(i * i % rows)
			}
			table, dy := randoms[T](rows*cols, 1), randoms[T](n*cols, 2)
			y, dtable := make([]T, n*cols), clone(table)
			kernel.Gather(y, table, ids, cols)
			kernel.ScatterAdd(dtable, ids, dy, cols)
			sums, want := wide(table), make([]T, len(table))
			for i, id := range ids {
				same(t, "row", y[i*cols:(i+1)*cols], table[int(id)*cols:int(id+1)*cols])
				for j := range cols {
					sums[int(id)*cols+j] += float64(dy[i*cols+j])
				}
			}
			for i, v := range sums { // one rounding of each sum
				want[i] = T(v)
			}
			same(t, "scatter", dtable, want)
		}
	}
}

func TestEmbedding(t *testing.T) { bothTypes(t, testEmbedding[float32], testEmbedding[float64]) }

func TestCheckIDs(t *testing.T) {
	if err := kernel.CheckIDs([]int32{0, 6}, 7); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	for _, c := range []struct {
		ids  []int32
		want string
	}{
		{[]int32{0, 7}, "kernel: embedding: id 7 at position 1 is outside the table of 7 rows"},
		{[]int32{-1}, "kernel: embedding: id -1 at position 0 is outside the table of 7 rows"},
	} {
		if err := kernel.CheckIDs(c.ids, 7); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.ids, err, c.want)
		}
	}
	mustPanic(t, "kernel: embedding: id 7", func() {
		kernel.Gather(make([]float32, 2), make([]float32, 14), []int32{7}, 2)
	})
}

func BenchmarkScatterAdd(b *testing.B) {
	for name, rows := range map[string]int{"50000 rows": 50000, "2 rows": 2} {
		b.Run(name, func(b *testing.B) {
			const n, cols = 4096, 384
			ids, r := make([]int32, n), rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 3, uint64(rows-1))
			for i := range ids {
				ids[i] = int32(r.Uint64())
			}
			dtable, dy := make([]float32, rows*cols), randoms[float32](n*cols, 1)
			b.ReportAllocs()
			for b.Loop() {
				kernel.ScatterAdd(dtable, ids, dy, cols)
			}
			b.ReportMetric(n*cols*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
		})
	}
}
