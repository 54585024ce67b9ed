package kernel_test

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkAttention is causal attention forward and backward, with the heads of a model of 384 channels. MB is the
// memory of the operands, the gradients and the scratch of all workers.
func BenchmarkAttention(b *testing.B) {
	for t := 128; t <= 8192; t *= 2 {
		b.Run(fmt.Sprintf("T%d", t), func(b *testing.B) {
			before := heapMB()
			c := attentionCase{b: 1, h: 6, kv: 6, tq: t, tk: t, d: 64, causal: true}
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
			b.ReportMetric(heapMB()-before, "MB")
			runtime.KeepAlive(g)
		})
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
