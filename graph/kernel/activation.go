package kernel

import (
	"fmt"
	"math"
)

// Activation names an elementwise nonlinearity.
type Activation uint8

// The activations. GELU is x·Φ(x) with the normal distribution function Φ; GELUTanh is its approximation by tanh
// (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415); SiLU is x·sigmoid(x).
const (
	Identity Activation = iota
	ReLU
	GELU
	GELUTanh
	SiLU
	Tanh
	Sigmoid
)

var activationNames = [...]string{"identity", "relu", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid"}

// String returns the name of the activation in lower case.
func (a Activation) String() string {
	if int(a) < len(activationNames) {
		return activationNames[a]
	}
	return fmt.Sprintf("activation(%d)", uint8(a))
}

// activationCost is the cost of one activation in the unit of minWork.
const activationCost = 8

// Activate computes y = act(x) for each element. y may be x.
func Activate[T Float](act Activation, y, x []T) {
	checkLen("activate", "y", len(y), len(x))
	parallel(len(x), minWork/activationCost, activate[T]{act, y, x})
}

type activate[T Float] struct {
	act  Activation
	y, x []T
}

func (a *activate[T]) Range(lo, hi int) { activateRow(a.act, a.y[lo:hi], a.x[lo:hi]) }

// ActivateGrad computes dx = act'(x)·dy for each element, where x is the value before the activation. dx may be x or dy.
func ActivateGrad[T Float](act Activation, dx, x, dy []T) {
	checkLen("activate grad", "dx", len(dx), len(x))
	checkLen("activate grad", "dy", len(dy), len(x))
	parallel(len(x), minWork/activationCost, activateGrad[T]{act, dx, x, dy})
}

type activateGrad[T Float] struct {
	act       Activation
	dx, x, dy []T
}

func (a *activateGrad[T]) Range(lo, hi int) {
	activateGradRow(a.act, a.dx[lo:hi], a.x[lo:hi], a.dy[lo:hi])
}

// activationRows and activationGradRows are the nonlinear activations in assembly.
var (
	activationRows = [...]func(n int, y, x *float32){
		ReLU: reluRowAsm, GELU: geluRowAsm, GELUTanh: geluTanhRowAsm, SiLU: siluRowAsm, Tanh: tanhRowAsm, Sigmoid: sigmoidRowAsm,
	}
	activationGradRows = [...]func(n int, dx, x, dy *float32){
		ReLU: reluGradRowAsm, GELU: geluGradRowAsm, GELUTanh: geluTanhGradRowAsm, SiLU: siluGradRowAsm,
		Tanh: tanhGradRowAsm, Sigmoid: sigmoidGradRowAsm,
	}
)

func activateRow[T Float](act Activation, y, x []T) {
	if fast[T]() && act != Identity && int(act) < len(activationRows) {
		activationRows[act](len(x), first(y[:len(x)]), first(x))
		return
	}
	switch act {
	case Identity:
		copy(y, x)
	case ReLU:
		mapRow(y, x, relu[T])
	case GELU:
		mapRow(y, x, gelu[T])
	case GELUTanh:
		mapRow(y, x, geluTanh[T])
	case SiLU:
		mapRow(y, x, silu[T])
	case Tanh:
		mapRow(y, x, tanh[T])
	case Sigmoid:
		mapRow(y, x, sigmoid[T])
	default:
		panic("kernel: activate: unknown " + act.String())
	}
}

func activateGradRow[T Float](act Activation, dx, x, dy []T) {
	if fast[T]() && act != Identity && int(act) < len(activationGradRows) {
		activationGradRows[act](len(x), first(dx[:len(x)]), first(x), first(dy[:len(x)]))
		return
	}
	switch act {
	case Identity:
		copy(dx, dy)
	case ReLU:
		mapGradRow(dx, x, dy, reluSlope[T])
	case GELU:
		mapGradRow(dx, x, dy, geluSlope[T])
	case GELUTanh:
		mapGradRow(dx, x, dy, geluTanhSlope[T])
	case SiLU:
		mapGradRow(dx, x, dy, siluSlope[T])
	case Tanh:
		mapGradRow(dx, x, dy, tanhSlope[T])
	case Sigmoid:
		mapGradRow(dx, x, dy, sigmoidSlope[T])
	default:
		panic("kernel: activate grad: unknown " + act.String())
	}
}

func mapRow[T Float](y, x []T, f func(T) T) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] = f(v)
	}
}

func mapGradRow[T Float](dx, x, dy []T, slope func(T) T) {
	dx, dy = dx[:len(x)], dy[:len(x)]
	for i, v := range x {
		dx[i] = slope(v) * dy[i]
	}
}

func relu[T Float](x T) T {
	if x < 0 {
		return 0
	}
	return x
}

func reluSlope[T Float](x T) T {
	if x > 0 {
		return 1
	}
	return 0
}

// saturation is a magnitude at which each slope has reached 0 or 1 in float64 too. Arguments are cut to it, because x³
// overflows for a large x, and an infinite factor times a zero is NaN.
const saturation = 1e4

// atLeast returns x, or -saturation if x is less. For such an x, the values of GELU and SiLU are zero.
func atLeast[T Float](x T) T { return max(x, -saturation) }

// saturate returns x cut to ±saturation.
func saturate[T Float](x T) T { return min(max(x, -saturation), saturation) }

func gelu[T Float](x T) T {
	x = atLeast(x)
	return x * normalCDF(x)
}

// geluSlope returns Φ(x) + x·φ(x), where φ is the density.
func geluSlope[T Float](x T) T {
	x = saturate(x)
	density := T(1/math.Sqrt2/math.SqrtPi) * exp(-0.5*x*x)
	return normalCDF(x) + x*density
}

// The argument of tanh in GELUTanh is geluScale·(x + geluCubic·x³). Since (1+tanh u)/2 = sigmoid(2u), no tanh is needed.
const (
	geluScale = 2 / math.Sqrt2 / math.SqrtPi
	geluCubic = 0.044715
)

func geluTanh[T Float](x T) T {
	x = atLeast(x)
	return x * sigmoid(2*geluScale*(x+geluCubic*x*x*x))
}

func geluTanhSlope[T Float](x T) T {
	x = saturate(x)
	s, rest := sigmoids(2 * geluScale * (x + geluCubic*x*x*x))
	return s + x*s*rest*2*geluScale*(1+3*geluCubic*x*x)
}

func silu[T Float](x T) T {
	x = atLeast(x)
	return x * sigmoid(x)
}

func siluSlope[T Float](x T) T {
	x = saturate(x)
	s, rest := sigmoids(x)
	return s * (1 + x*rest)
}

func tanhSlope[T Float](x T) T {
	y := tanh(x)
	return 1 - y*y
}

func sigmoidSlope[T Float](x T) T {
	s, rest := sigmoids(x)
	return s * rest
}
