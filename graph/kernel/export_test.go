package kernel

// Philox is one block of the generator, whose published test vectors use counters beyond those of an index.
func (s Seed) Philox(block uint64) [4]uint32 { return s.philox(block) }

// SetProcessors lifts the limit on workers to n and returns the one before, so that tests see more workers than the machine
// has processors.
func SetProcessors(n int) int {
	old := workers.limit
	workers.limit = n
	return old
}

// The functions of one float32 on which the activations and the softmax stand.
var (
	Exp32       = exp32
	Tanh32      = tanh32
	NormalCDF32 = normalCDF32
)

// Parallel is parallel for a plain function.
func Parallel(n, grain int, f func(lo, hi int)) { parallel(n, grain, plain{f}) }

type plain struct{ f func(lo, hi int) }

func (p *plain) Range(lo, hi int) { p.f(lo, hi) }

// Accelerate turns the assembly on or off, as far as the processor has what it needs, and returns whether it was on.
func Accelerate(on bool) bool {
	old := accelerated
	accelerated = on && supported
	return old
}

var supported = accelerated

// ExpRow is the exponential on rows, on which the softmax stands.
func ExpRow(y, x []float32, shift float32) float64 { return expRow(y, x, shift) }
