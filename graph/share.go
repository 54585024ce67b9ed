package graph

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// share plans one memory for the gradients and the intermediate values. A run writes the gradient of a parameter late, so before that the
// gradient's memory holds intermediate values. The gradients come first, in reverse order of declaration, which is about the order in which
// the backward pass writes them: the lowest free offset is then a gradient that is written soon after the value's last use.
func (c *compiler) share() {
	var gradients []*buffer
	at, size := 0, 0
	for _, l := range slices.Backward(c.trained) {
		if own := c.own[l]; own != nil {
			own.offset = at
			at, size = aligned(at+own.size), size+own.size
			gradients = append(gradients, own)
		}
	}
	fence := &buffer{offset: at, last: math.MaxInt} // no value is in both parts
	c.arena = plan(c.buffers, append(gradients, fence)...) - size
	c.spare = c.planSpare(at)
}

// planSpare plans the memory that replaces the gradients' for intermediate values, and returns its size. end is the end of the gradients.
func (c *compiler) planSpare(end int) int {
	var lent, copies []*buffer
	for _, b := range c.buffers {
		if b.place == inArena && b.offset < end {
			b.lent = true
			lent, copies = append(lent, b), append(copies, &buffer{size: b.size, first: b.first, last: b.last})
		}
	}
	size := plan(copies)
	for i, b := range lent {
		b.spare = copies[i].offset
	}
	return size
}

// gradientSize returns the number of elements of all gradients.
func (c *compiler) gradientSize() (sum int) {
	for _, own := range c.own {
		sum += own.size
	}
	return sum
}

// separate moves the intermediate values out of the gradients' memory, so that runs can add to the gradients. Outputs stay at their place:
// they live as long as the gradients.
func (p *Program) separate() error {
	need := p.memory.Accumulate
	if need == 0 || p.spare != nil {
		return nil
	}
	if total := p.memory.Total() + need; p.limit > 0 && total > p.limit {
		return errors.Errorf("memory: runs that add to the gradients need %d bytes, the limit is %d: raise it in LimitMemory", total, p.limit)
	}
	if need > spareBytes && need > available() {
		return errors.Errorf("memory: runs that add to the gradients need %s more, %s are available: make the model or the batch smaller",
			byteText(float64(need)), byteText(float64(available())))
	}
	p.spare = newLarge(p.params.dt, []int{max(need/int(p.params.dt.Size()), 2)}) // the data of one element are no slice
	for _, z := range p.sizes {
		if z.bound {
			p.bindSteps(z)
		}
	}
	return nil
}

// newShared makes the memory of the gradients and the arena, and returns the gradients by name.
func (p *Program) newShared(plans []*compiler) map[string]*tensor.Dense {
	size := 0
	for _, c := range plans {
		size = max(size, c.gradientSize()+c.arena)
	}
	p.shared = newLarge(p.params.dt, []int{max(size, 2)}) // the data of one element are no slice
	gradients := map[string]*tensor.Dense{}
	for _, c := range plans {
		for l, own := range c.own {
			if gradients[l.name] == nil {
				gradients[l.name] = part(p.shared, own.offset, l.shape)
			}
			own.tensor = gradients[l.name]
		}
	}
	return gradients
}
