package main

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// blocks are stretches of a text, each as long as the longest window. A shorter window divides a block, so that every length has the
// same targets.
type blocks struct {
	size   int
	tokens [][]int32 // size+1 tokens each; the last is only a target
}

// newBlocks returns blocks with about this many targets in all, spread evenly over the text; 0 takes the whole text.
func newBlocks(c *data.Corpus, size, targets int) (blocks, error) {
	most := (c.Len() - 1) / size
	if most < 1 {
		return blocks{}, errors.Errorf("the held-out tenth of the text has %d characters, a window of %d and its last target need %d: give more text or smaller -lengths",
			c.Len(), size, size+1)
	}
	n := most
	if targets > 0 {
		n = min((targets-1)/size+1, most)
	}
	b := blocks{size: size, tokens: make([][]int32, n)}
	for i := range b.tokens {
		b.tokens[i] = make([]int32, size+1)
		if err := c.Tokens(b.tokens[i], size*(i*most/n)); err != nil {
			return blocks{}, err
		}
	}
	return b, nil
}

// losses returns the cross-entropy of each target of each block, in order. p reads a block at a time in windows of length tokens, the
// rows of its input.
func (b blocks) losses(p *graph.Program, length int) ([]float64, error) {
	all := make([]float64, 0, len(b.tokens)*b.size)
	in := tensor.New(tensor.WithShape(b.size/length, length), tensor.WithBacking(make([]int32, b.size)))
	for _, block := range b.tokens {
		copy(in.Int32s(), block)
		if err := p.Run(graph.Feed{"tokens": in}); err != nil {
			return nil, err
		}
		logits := p.Output("logits").Float32s()
		v := len(logits) / b.size
		for i, target := range block[1:] {
			all = append(all, crossEntropy(logits[i*v:][:v], target))
		}
	}
	return all, nil
}

// crossEntropy returns −log softmax(z)[target].
func crossEntropy(z []float32, target int32) float64 {
	most := math.Inf(-1)
	for _, x := range z {
		most = max(most, float64(x))
	}
	sum := 0.0
	for _, x := range z {
		sum += math.Exp(float64(x) - most)
	}
	return most + math.Log(sum) - float64(z[target])
}

// mean returns the mean of x.
func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// byPosition returns the mean loss in each stretch of width positions of the block.
func (b blocks) byPosition(losses []float64, width int) []float64 {
	means := make([]float64, (b.size+width-1)/width)
	for i := range means {
		var at []float64
		for first := 0; first < len(losses); first += b.size {
			at = append(at, losses[first:][i*width:min((i+1)*width, b.size)]...)
		}
		means[i] = mean(at)
	}
	return means
}
