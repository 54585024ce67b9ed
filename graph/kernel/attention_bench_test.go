package kernel_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
)

// BenchmarkAttention is causal attention forward and backward, with the heads of a model of 384 channels, 64 or 128 wide. MB is the
// memory of the operands, the gradients and the scratch of all workers.
func BenchmarkAttention(b *testing.B) {
	for _, d := range []int{64, 128} {
		for t := 128; t <= 16384; t *= 2 {
			b.Run(fmt.Sprintf("D%d/T%d", d, t), func(b *testing.B) {
				before := heapMB()
				c := attentionCase{b: 1, h: 384 / d, kv: 384 / d, tq: t, tk: t, d: d, causal: true}
				a := newAttention[float32](c)
				do := output(a)
				do.Data = randoms[float32](len(do.Data), 8)
				g := attentionGrads(a, do)
				b.ReportAllocs()
				for b.Loop() {
					a.Forward(g.O, g.Normalizer)
					a.Backward(g)
				}
				reportAttention(b, 14, c)
				b.ReportMetric(float64(t*b.N)/b.Elapsed().Seconds(), "tokens/s")
				b.ReportMetric(heapMB()-before, "MB")
				runtime.KeepAlive(g)
			})
		}
	}
}

// BenchmarkAttentionShapes is one direction of short batches, and one query against a long cache.
func BenchmarkAttentionShapes(b *testing.B) {
	for _, c := range []attentionCase{
		{b: 12, h: 4, kv: 4, tq: 64, tk: 64, d: 32, causal: true},
		{b: 8, h: 6, kv: 6, tq: 256, tk: 256, d: 64, causal: true},
		{b: 1, h: 12, kv: 12, tq: 1, tk: 1024, d: 64, causal: true},
		{b: 1, h: 32, kv: 8, tq: 1, tk: 1024, d: 64, causal: true},
	} {
		a := newAttention[float32](c)
		do := output(a)
		do.Data = randoms[float32](len(do.Data), 8)
		g := attentionGrads(a, do)
		name := fmt.Sprintf("b%d_h%d_kv%d_tq%d_tk%d_d%d", c.b, c.h, c.kv, c.tq, c.tk, c.d)
		b.Run(name+"/forward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Forward(g.O, g.Normalizer)
			}
			reportAttention(b, 4, c)
		})
		if c.tq == 1 {
			continue
		}
		b.Run(name+"/backward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Backward(g)
			}
			reportAttention(b, 10, c)
		})
	}
}

// BenchmarkAttentionKinds runs causal attention, forward and backward, plain and with other operands in turn. The metrics are the
// median ratios to the times of plain attention, and the megabytes of the operands, gradients and scratch of each kind.
func BenchmarkAttentionKinds(b *testing.B) {
	for _, t := range []int{1024, 4096} {
		b.Run(fmt.Sprintf("T%d", t), func(b *testing.B) {
			kinds := attentionKinds(t)
			var runs []func()
			var megabytes []float64
			for _, k := range kinds {
				before := heapMB()
				runs = append(runs, k.passes(t))
				megabytes = append(megabytes, heapMB()-before)
			}
			new(turns.Turns).Run(runs...) // the first round allocates
			var s turns.Turns
			for b.Loop() {
				s.Run(runs...)
			}
			b.ReportMetric(float64(s.Shortest(0).Microseconds())/1e3, "plain-ms")
			for i, k := range kinds {
				s.Report(b, i, k.name+"/plain")
				b.ReportMetric(megabytes[i], k.name+"-MB")
			}
		})
	}
}

// attentionKind is attention with the options of a family.
type attentionKind struct {
	name string
	attentionCase
	rope, alibi bool
}

// attentionKinds returns causal attention over t tokens with the options of each family.
func attentionKinds(t int) []attentionKind {
	plain := attentionCase{b: 1, h: 6, kv: 6, tq: t, tk: t, d: 64, causal: true}
	learned, packed, grouped, window, capped := plain, plain, plain, plain, plain
	learned.distance, grouped.kv, window.window, capped.softcap = "h", 2, t/8, 50
	packed.starts = documents(t, t/8, 2*t/8, 3*t/8, 4*t/8, 5*t/8, 6*t/8, 7*t/8)
	return []attentionKind{
		{name: "plain", attentionCase: plain}, {name: "rope", attentionCase: plain, rope: true}, {name: "t5", attentionCase: learned},
		{name: "alibi", attentionCase: learned, alibi: true}, {name: "softcap", attentionCase: capped}, {name: "grouped", attentionCase: grouped},
		{name: "window", attentionCase: window}, {name: "starts", attentionCase: packed},
	}
}

// passes returns a function that runs forward and backward.
func (k attentionKind) passes(t int) func() {
	a := newAttention[float32](k.attentionCase)
	do := output(a)
	do.Data = randoms[float32](len(do.Data), 8)
	g := attentionGrads(a, do)
	if k.alibi {
		g.DDistance = nil
		for h := range a.H {
			for i := range a.DistanceHead {
				a.Distance[h*a.DistanceHead+i] = float32(i-t+1) / float32(int(2)<<h)
			}
		}
	}
	r := newRoPE[float32](ropeCase{heads: 6, time: t, d: 64, dim: 64, factor: 1})
	rotate := func(inverse bool, x ...[]float32) {
		for _, x := range x {
			r.Inverse = inverse
			r.Run(x[:t*6*64], x[:t*6*64])
		}
	}
	return func() {
		if k.rope {
			rotate(false, a.Q.Data, a.K.Data)
		}
		a.Forward(g.O, g.Normalizer)
		a.Backward(g)
		if k.rope {
			rotate(true, g.DQ.Data, g.DK.Data)
		}
	}
}

// reportAttention counts flops for each channel of a visible pair of query and key.
func reportAttention(b *testing.B, flops float64, c attentionCase) {
	pairs := float64(c.b*c.h) * float64(c.tq) * (float64(c.tk) - float64(c.tq-1)/2)
	b.ReportMetric(flops*pairs*float64(c.d)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// heapMB is the memory in use after a garbage collection.
func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}
