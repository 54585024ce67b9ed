package kernel_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// crossEntropyReference is the definition in float64.
func crossEntropyReference[T kernel.Float](c kernel.CrossEntropy[T]) float64 {
	logs := softmaxReference(c.Logits, c.V, true)
	total, count := 0.0, 0
	for r, t := range c.Targets {
		if t == c.Ignore {
			continue
		}
		count++
		total -= (1 - c.Smoothing) * logs[r*c.V+int(t)]
		for _, v := range logs[r*c.V : (r+1)*c.V] {
			total -= c.Smoothing * v / float64(c.V)
		}
	}
	return total / math.Max(1, float64(count))
}

func newCrossEntropy[T kernel.Float](rows, v int, smoothing float64) kernel.CrossEntropy[T] {
	c := kernel.CrossEntropy[T]{
		Logits: randoms[T](rows*v, 1), Targets: make([]int32, rows), V: v, Ignore: -100, Smoothing: smoothing,
	}
	for i := range c.Targets {
		c.Targets[i] = int32(i * 7 % v)
		if i%5 == 3 {
			c.Targets[i] = c.Ignore
		}
	}
	return c
}

func testCrossEntropy[T kernel.Float](t *testing.T) {
	for _, s := range softmaxShapes {
		for _, smoothing := range []float64{0, 0.1} {
			c := newCrossEntropy[T](s[0], s[1], smoothing)
			n := newNormalizer[T](s[0])
			got, want := c.Forward(n), crossEntropyReference(c)
			// Exponentials are within a few roundings of T; the float64 sums of up to 5003 of them differ by their order.
			near(t, fmt.Sprint("loss ", s), []float64{got}, []float64{want}, 8*epsilon[T]()+1e-13)
			if without := c.Forward(kernel.Normalizer[T]{}); without != got {
				t.Errorf("%v without a normalizer: got %g, want %g", s, without, got)
			}
			dx := make([]T, len(c.Logits))
			c.Backward(dx, n, 2)
			c.Backward(c.Logits, n, 2)
			same(t, "gradient in place", c.Logits, dx)
		}
	}
}

func TestCrossEntropy(t *testing.T) {
	bothTypes(t, testCrossEntropy[float32], testCrossEntropy[float64])
}

func TestCrossEntropyGrad(t *testing.T) {
	for _, s := range softmaxShapes[1:6] {
		for _, smoothing := range []float64{0, 0.1} {
			c := newCrossEntropy[float64](s[0], s[1], smoothing)
			n, dx := newNormalizer[float64](s[0]), make([]float64, len(c.Logits))
			c.Forward(n)
			c.Backward(dx, n, 3)
			checkGradient(t, fmt.Sprint("gradient ", s), func() float64 { return 3 * c.Forward(kernel.Normalizer[float64]{}) }, c.Logits, dx)
		}
	}
}

func TestCrossEntropyIgnoresAll(t *testing.T) {
	c := newCrossEntropy[float32](3, 4, 0)
	for i := range c.Targets {
		c.Targets[i] = c.Ignore
	}
	if got := c.Forward(kernel.Normalizer[float32]{}); got != 0 {
		t.Errorf("loss: got %g, want 0", got)
	}
	dx, n := randoms[float32](12, 5), newNormalizer[float32](3)
	c.Forward(n)
	c.Backward(dx, n, 1)
	same(t, "gradient", dx, make([]float32, 12))
}

// Logits far from zero must neither overflow nor lose the loss.
func TestCrossEntropyLargeLogits(t *testing.T) {
	c := kernel.CrossEntropy[float32]{Logits: []float32{2e4, 2e4 - 1, -2e4}, Targets: []int32{0}, V: 3, Ignore: -1}
	near(t, "loss", []float64{c.Forward(kernel.Normalizer[float32]{})}, []float64{math.Log1p(math.Exp(-1))}, 4*epsilon[float32]())
}

func TestCrossEntropyCheck(t *testing.T) {
	c := newCrossEntropy[float32](6, 4, 0)
	if err := c.Check(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	c.Targets[4] = 9
	err := c.Check()
	if err == nil || !strings.HasPrefix(err.Error(), "kernel: cross entropy: target 9 at position 4 is outside the 4 classes") {
		t.Errorf("got %v, want an error that names the target, the position and the classes", err)
	}
	mustPanic(t, "kernel: cross entropy: target 9", func() { c.Forward(kernel.Normalizer[float32]{}) })
	mustPanic(t, "kernel: cross entropy backward: dlogits has 1 elements, want 24", func() {
		newCrossEntropy[float32](6, 4, 0).Backward(make([]float32, 1), newNormalizer[float32](6), 1)
	})
}

func BenchmarkCrossEntropy(b *testing.B) {
	for _, s := range [][2]int{{2048, 65}, {64, 50257}} {
		c := newCrossEntropy[float32](s[0], s[1], 0)
		n, dx := newNormalizer[float32](s[0]), make([]float32, len(c.Logits))
		b.Run(fmt.Sprintf("%dx%d", s[0], s[1]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Forward(n)
				c.Backward(dx, n, 1)
			}
			b.ReportMetric(float64(len(dx))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlogits/s")
		})
	}
}
