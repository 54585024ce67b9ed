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

// The levels of Accelerate.
const (
	Plain = iota
	AVX2
	AVX512
)

// Accelerate allows the assembly up to a level, as far as the processor has what it needs, and returns the level before.
func Accelerate(level int) int {
	old := Plain
	if accelerated {
		old = AVX2
	}
	if wide {
		old = AVX512
	}
	accelerated, wide = level >= AVX2 && supported >= AVX2, level >= AVX512 && supported >= AVX512
	return old
}

var supported = map[[2]bool]int{{true, false}: AVX2, {true, true}: AVX512}[[2]bool{accelerated, wide}]

// ExpRow is the exponential on rows, on which the softmax stands.
func ExpRow(y, x []float32, shift float32) float64 { return expRow(y, x, shift) }
