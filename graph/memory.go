package graph

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/pkg/errors"
)

// Memory is the memory of a Program, in bytes. Parameters are shared by all Programs over the same Params.
type Memory struct {
	Params       int
	Gradients    int
	Inputs       int // inputs and constants
	States       int // values kept between runs, such as the caches of a decoder
	Arena        int // planned memory of the intermediate values that the gradients' memory does not hold
	Live         int // largest sum of intermediate values and gradients needed at one time: a lower bound of Gradients and Arena together
	Intermediate int // sum of all intermediate values and gradients: the memory without reuse

	// Accumulate is the memory that the first run with Program.Accumulate allocates, because the gradients' memory then holds no
	// intermediate values. Total does not count it.
	Accumulate int
}

// Total returns the memory of the Program in all.
func (m Memory) Total() int { return m.Params + m.Gradients + m.Inputs + m.States + m.Arena }

func (m Memory) String() string {
	var s strings.Builder
	for _, row := range []struct {
		name  string
		bytes int
	}{
		{"parameters", m.Params}, {"gradients", m.Gradients}, {"inputs", m.Inputs}, {"states", m.States}, {"arena", m.Arena}, {"total", m.Total()},
	} {
		fmt.Fprintf(&s, "%-12s %10.2f MB\n", row.name, float64(row.bytes)/1e6)
	}
	fmt.Fprintf(&s, "Of %.2f MB of intermediate values and gradients, %.2f MB are needed at one time.\n", float64(m.Intermediate)/1e6, float64(m.Live)/1e6)
	if m.Accumulate > 0 {
		fmt.Fprintf(&s, "Runs that add to the gradients need %.2f MB more.\n", float64(m.Accumulate)/1e6)
	}
	return s.String()
}

// memory returns the Memory of a Program of this plan alone.
func (c *compiler) memory() Memory {
	width, own := int(c.params.dt.Size()), c.demand()
	m := Memory{
		Inputs: own.bytes(inLeaf) + c.constantBytes(), Arena: own.bytes(inForeign) + c.arena*width,
		Live: peak(c.buffers, len(c.steps)) * width, Intermediate: c.total * width, Accumulate: c.spare * width,
	}
	for _, l := range c.leaves {
		switch l.kind {
		case paramLeaf:
			m.Params += l.bytes()
		case stateLeaf:
			m.States += l.bytes()
		}
	}
	for l := range c.own {
		m.Gradients += l.bytes()
	}
	return m
}

// together returns the Memory of a Program of these sizes. They share all but their constants.
func together(sizes []*compiler) Memory {
	m, arena, constants, all := sizes[0].memory(), 0, 0, demand{}
	for _, c := range sizes {
		one := c.memory()
		m.Live, m.Intermediate, m.Accumulate = max(m.Live, one.Live), max(m.Intermediate, one.Intermediate), max(m.Accumulate, one.Accumulate)
		arena = max(arena, c.arena)
		constants += c.constantBytes()
		all.raise(c.demand())
	}
	m.States = stateBytes(largestStates(sizes))
	m.Inputs, m.Arena = all.bytes(inLeaf)+constants, all.bytes(inForeign)+arena*int(sizes[0].params.dt.Size())
	return m
}

// fits returns an error if a Program needs more new memory than the machine has.
func fits(sizes []*compiler, m Memory) error {
	need := m.Total()
	for i, c := range sizes {
		for _, l := range c.leaves {
			if (l.value != nil || l.packed != nil) && (i == 0 || l.kind == constantLeaf) {
				need -= l.bytes()
			}
		}
	}
	if need <= spareBytes || need <= available() {
		return nil
	}
	debug.FreeOSMemory() // memory that Go has collected but not returned yet
	have := available()
	if need <= have {
		return nil
	}
	return errors.Errorf("memory: %s are needed (weights %s, gradients %s, arena %s, states %s, inputs %s), %s are available: make the model or the batch smaller",
		byteText(float64(need)), byteText(float64(m.Params)), byteText(float64(m.Gradients)), byteText(float64(m.Arena)),
		byteText(float64(m.States)), byteText(float64(m.Inputs)), byteText(float64(have)))
}

// spareBytes is a need too small to query the system for.
const spareBytes = 1 << 20

func byteText(n float64) string {
	switch {
	case n >= 1e12:
		return fmt.Sprintf("%.4g TB", n/1e12)
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", n/1e9)
	}
	return fmt.Sprintf("%.1f MB", n/1e6)
}
