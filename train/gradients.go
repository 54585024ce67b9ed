package train

import (
	"math"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// GradNorm returns the Euclidean norm of all gradients of a model together.
func GradNorm(model []G.ValueGrad) (float64, error) {
	sum := 0.0
	for i, p := range model {
		g, err := gradOf(p)
		if err != nil {
			return 0, errors.WithMessagef(err, "train: gradient of %s", nameOf(p, i))
		}
		sum += sumSquares(g)
	}
	return math.Sqrt(sum), nil
}

func sumSquares(g G.Value) float64 {
	if g.Dtype() == tensor.Float64 {
		return kernel.SumSquares(floats[float64](g))
	}
	return kernel.SumSquares(floats[float32](g))
}

// ClipFactor returns the factor that reduces gradients of this norm to a norm of at most limit: min(1, limit/(norm+10⁻⁶)), as in
// torch.nn.utils.clip_grad_norm_. A limit of 0 means no limit.
func ClipFactor(norm, limit float64) float64 {
	if limit == 0 {
		return 1
	}
	return min(1, limit/(norm+1e-6))
}

func gradOf(p G.ValueGrad) (G.Value, error) {
	g, err := p.Grad()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	return g, checkFloats(g)
}

// scaleGradients multiplies all gradients by a factor.
func scaleGradients(model []G.ValueGrad, factor float64) error {
	for i, p := range model {
		g, err := gradOf(p)
		if err != nil {
			return errors.WithMessagef(err, "gradient of %s", nameOf(p, i))
		}
		if g.Dtype() == tensor.Float64 {
			x := floats[float64](g)
			kernel.Scale(x, x, factor)
		} else {
			x := floats[float32](g)
			kernel.Scale(x, x, float32(factor))
		}
	}
	return nil
}

// nonFinite returns an error that names the first gradient with an element that is NaN or infinite, or nil.
func nonFinite(model []G.ValueGrad) error {
	for i, p := range model {
		g, err := gradOf(p)
		if err != nil {
			return errors.WithMessagef(err, "gradient of %s", nameOf(p, i))
		}
		at, value := -1, 0.0
		if g.Dtype() == tensor.Float64 {
			x := floats[float64](g)
			if at = kernel.FirstNonFinite(x); at >= 0 {
				value = x[at]
			}
		} else {
			x := floats[float32](g)
			if at = kernel.FirstNonFinite(x); at >= 0 {
				value = float64(x[at])
			}
		}
		if at >= 0 {
			return errors.Errorf("gradient of %s is %v at element %d of shape %v", nameOf(p, i), value, at, g.Shape())
		}
	}
	return nil
}
