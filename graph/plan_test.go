package graph_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestPlan checks plans of random lives by brute force: buffers in use at the same time share no element.
func TestPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		steps := 1 + r.IntN(30)
		lives := make([]graph.Lifetime, r.IntN(40))
		total := 0
		for i := range lives {
			first := r.IntN(steps)
			lives[i] = graph.Lifetime{Size: 1 + r.IntN(100), First: first, Last: first + r.IntN(steps-first+1)} // up to steps: an output
			total += (lives[i].Size + 15) / 16 * 16
		}
		offsets, arena, peak := graph.Plan(lives, steps)
		if arena < peak || arena > total {
			t.Fatalf("%v: got an arena of %d, want between the peak %d and the sum %d", lives, arena, peak, total)
		}
		most := 0
		for step := range steps + 1 {
			most = max(most, checkStep(t, lives, offsets, step))
		}
		if peak != most {
			t.Fatalf("%v: got peak %d, want %d", lives, peak, most)
		}
	}
}

// checkStep checks the buffers in use at a step and returns the sum of their sizes.
func checkStep(t *testing.T, lives []graph.Lifetime, offsets []int, step int) int {
	t.Helper()
	owner := map[int]int{}
	for i, l := range lives {
		if step < l.First || step > l.Last {
			continue
		}
		if offsets[i]%16 != 0 {
			t.Fatalf("buffer %d: got offset %d, want a multiple of 16", i, offsets[i])
		}
		for at := offsets[i]; at < offsets[i]+l.Size; at++ {
			if j, ok := owner[at]; ok {
				t.Fatalf("step %d: buffers %d %v and %d %v share element %d", step, i, l, j, lives[j], at)
			}
			owner[at] = i
		}
	}
	return len(owner)
}

// TestPlanReuses: a chain of any length needs two buffers at a time.
func TestPlanReuses(t *testing.T) {
	var lives []graph.Lifetime
	for i := range 50 {
		lives = append(lives, graph.Lifetime{Size: 160, First: i, Last: i + 1})
	}
	if _, arena, _ := graph.Plan(lives, 51); arena != 320 {
		t.Errorf("got an arena of %d elements, want 320", arena)
	}
}

// TestMemory compares a Program's Memory with counts made by hand.
func TestMemory(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		params := graph.NewParams(dt, 1)
		train, eval := buildOver(t, params, graph.Train, small.declare), buildOver(t, params, graph.Eval, small.declare)
		width := int(dt.Size())
		m, e := train.Memory(), eval.Memory()
		if m.Params != params.Size()*width || m.Gradients != m.Params || e.Gradients != 0 {
			t.Errorf("%v: got %d bytes of parameters and %d of gradients, want %d twice", dt, m.Params, m.Gradients, params.Size()*width)
		}
		ids := 2 * small.b * small.t * 4
		if e.Inputs != ids || m.Inputs != ids+8+width { // the stream and the scale of the gradient
			t.Errorf("%v: got %d and %d bytes of inputs, want %d and %d", dt, e.Inputs, m.Inputs, ids, ids+8+width)
		}
		for _, m := range []graph.Memory{m, e} {
			if n := m.Gradients + m.Arena; n < m.Live || n > m.Intermediate || m.Live <= 0 {
				t.Errorf("%v: got %d bytes of gradients and arena, want between %d and %d", dt, n, m.Live, m.Intermediate)
			}
			if got, want := m.Total(), m.Params+m.Gradients+m.Inputs+m.Arena; got != want {
				t.Errorf("%v: total: got %d, want %d", dt, got, want)
			}
		}
		if apart := m.Arena + m.Accumulate; e.Arena >= apart || e.Accumulate != 0 {
			t.Errorf("%v: evaluation takes %d bytes, training %d: want less, as nothing is kept", dt, e.Arena, apart)
		}
		for _, at := range train.ArenaSlots() {
			if end := (at[0] + at[1]) * width; at[0] < 0 || end > m.Gradients+m.Arena {
				t.Errorf("%v: elements %d to %d are outside the %d bytes of gradients and arena", dt, at[0], at[0]+at[1], m.Gradients+m.Arena)
			}
		}
	}
}

func TestMemoryString(t *testing.T) {
	s := graph.Memory{Params: 1e6, Gradients: 2e6, Inputs: 3e6, Arena: 4e6, Live: 3.5e6, Intermediate: 9e6, Accumulate: 7e6}.String()
	for _, want := range []string{"parameters", "1.00 MB", "2.00 MB", "3.00 MB", "4.00 MB", "total", "10.00 MB", "9.00 MB of intermediate", "3.50 MB are needed", "add to the gradients need 7.00 MB more"} {
		if !strings.Contains(s, want) {
			t.Errorf("got %q, want %q in it", s, want)
		}
	}
}
