package train

import (
	"context"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Noise is the gradient noise scale of a model on data (McCandlish et al. 2018, "An Empirical Model of Large-Batch Training",
// https://arxiv.org/abs/1812.06162, section 2.2 and appendix A.1). With micro-batches of Scale, a step is about half as effective as
// one with the exact gradient: larger batches waste data, smaller ones time.
type Noise struct {
	Gradient float64 // estimated square of the norm of the exact gradient
	Variance float64 // estimated variance of the gradient of a micro-batch, summed over the weights
	Scale    float64 // Variance/Gradient, in micro-batches; 0 if Gradient is estimated as 0 or less
	Tokens   float64 // Scale in targets that count
}

// MeasureNoise computes the gradients of n micro-batches of a source, at least 2, from the one with index first on. It changes no
// weight. Both estimates are unbiased, but their quotient needs many micro-batches. If ctx is cancelled, the current micro-batch completes
// and MeasureNoise returns the context's error.
func MeasureNoise(ctx context.Context, p *graph.Program, source Source, first, n int) (z Noise, err error) {
	defer func() { err = errors.WithMessage(err, "train: noise scale") }()
	if p == nil || source == nil || n < 2 {
		return z, errors.Errorf("program %t, source %t and %d micro-batches: want both and at least 2", p != nil, source != nil, n)
	}
	model := p.ValueGrads()
	if p.Mode() != graph.Train || len(model) == 0 {
		return z, errors.Errorf("a program for %v with %d parameters to train, want one built in mode %v with a loss", p.Mode(), len(model), graph.Train)
	}
	sums := make([]*tensor.Dense, len(model))
	squares, targets := 0.0, 0.0
	for i := range n {
		if err := ctx.Err(); err != nil {
			return z, err
		}
		counted, norm, err := oneGradient(p, source, first+i)
		if err != nil {
			return z, errors.WithMessagef(err, "batch %d", first+i)
		}
		squares, targets = squares+norm*norm, targets+counted
		addGradients(sums, model)
	}
	mean := 0.0
	for _, s := range sums {
		mean += kernel.SumSquares(s.Float64s())
	}
	k := float64(n)
	squares, mean = squares/k, mean/(k*k)
	z.Gradient, z.Variance = (k*mean-squares)/(k-1), (squares-mean)*k/(k-1)
	if z.Gradient > 0 {
		z.Scale = z.Variance / z.Gradient
		z.Tokens = z.Scale * targets / k
	}
	return z, nil
}

// oneGradient computes the gradients of a micro-batch and returns the number of its targets and the norm.
func oneGradient(p *graph.Program, source Source, i int) (counted, norm float64, err error) {
	feed, err := source.Batch(i)
	if err != nil {
		return 0, 0, err
	}
	p.Stream, p.Accumulate, p.Scale = uint64(i), false, 1
	if counted, err = (counter{p, false}).run(feed, nil); err != nil {
		return 0, 0, err
	}
	if norm, err = GradNorm(p.ValueGrads()); err == nil && norm-norm != 0 {
		err = errors.Errorf("the norm of the gradients is %v", norm)
	}
	return counted, norm, err
}

// addGradients adds the gradients of a model to sums in float64.
func addGradients(sums []*tensor.Dense, model []G.ValueGrad) {
	for i, p := range model {
		g, _ := p.Grad() // GradNorm has checked it
		if sums[i] == nil {
			sums[i] = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(size(g)))
		}
		sum := sums[i].Float64s()
		if g.Dtype() == tensor.Float64 {
			kernel.AddScaled(sum, 1, floats[float64](g))
			continue
		}
		for j, x := range floats[float32](g) {
			sum[j] += float64(x)
		}
	}
}
