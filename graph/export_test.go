package graph

// Lifetime is a buffer for the planner: its size in elements, and the first and last step that use it.
type Lifetime struct{ Size, First, Last int }

// Plan runs the planner. It returns an offset for each buffer, the size of the arena, and the peak, which is the lower bound of all
// plans.
func Plan(lives []Lifetime, steps int) (offsets []int, arena, most int) {
	buffers := make([]*buffer, len(lives))
	for i, l := range lives {
		buffers[i] = &buffer{size: l.Size, first: l.First, last: l.Last}
	}
	arena = plan(buffers)
	for _, b := range buffers {
		offsets = append(offsets, b.offset)
	}
	return offsets, arena, peak(buffers, steps)
}

// ArenaSlots returns the parts of the arena that a Program's steps use: offset and length of each operand and result.
func (p *Program) ArenaSlots() [][2]int {
	var slots [][2]int
	for _, s := range p.ran.Load().steps {
		for _, vs := range [][]value{s.in, s.out} {
			for _, v := range vs {
				if v.buf != nil && v.buf.place == inArena {
					slots = append(slots, [2]int{v.buf.offset + v.offset, v.size()})
				}
			}
		}
	}
	return slots
}

// Steps returns the number of operations of the last run.
func (p *Program) Steps() int { return len(p.ran.Load().steps) }

// SetAvailable sets the machine's available memory and returns a function that restores it.
func SetAvailable(bytes int) (restore func()) {
	old := available
	available = func() int { return bytes }
	return func() { available = old }
}

// Available returns the available memory of the system.
func Available() int { return available() }

// Totals returns the memory of the plans that recompute 0, 1, 2, … parts of lists.
func Totals(p *Params, declare func(*Scope)) ([]int, error) {
	b := newBuilder(p, Train)
	if err := b.run(declare); err != nil {
		return nil, err
	}
	if err := b.differentiate(); err != nil {
		return nil, err
	}
	base, err := b.laidOut()
	if err != nil {
		return nil, err
	}
	units := base.listParts()
	var totals []int
	for k := range len(units) + 1 {
		totals = append(totals, base.planned(units[:k]).memory().Total())
	}
	return totals, nil
}
