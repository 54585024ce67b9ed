package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// Cost is the total cost of some operations of a Program over the runs of a Profile.
type Cost struct {
	Name  string // name of the operation, or scope path
	Calls int
	Time  time.Duration
	FLOPs int // floating-point operations
	Bytes int // read and written, each operand once
}

// Profile is the cost of a Program's operations. Its String is a table.
type Profile struct {
	Runs   int
	ByOp   []Cost // most time first
	ByPath []Cost // in order of first use; the indices of lists are merged: h.*.attn

	// Operations lists the operations that ran, in the order of a run, one size after the other. Blocks count them within their size.
	Operations []Operation

	costs map[*step]*Cost
}

// Profile measures every Run that run makes. If run makes several, the costs add up over them and String shows the average.
func (p *Program) Profile(run func() error) (*Profile, error) {
	if run == nil {
		return nil, errors.New("graph: profile: the function that runs the program is nil")
	}
	prof := &Profile{costs: map[*step]*Cost{}}
	for _, z := range p.sizes {
		for _, s := range z.steps {
			prof.costs[s] = &Cost{Name: s.name()}
		}
	}
	p.profile = prof
	defer func() { p.profile = nil }()
	if err := run(); err != nil {
		return nil, err
	}
	ops, paths := groups{}, groups{}
	for _, z := range p.sizes {
		runs := 0
		for i, s := range z.steps {
			if c := prof.costs[s]; c.Calls > 0 || len(p.sizes) == 1 {
				runs = max(runs, c.Calls)
				ops.add(s.name(), c)
				paths.add(starIndices(s.path), c)
				o := s.operation(i)
				o.Calls, o.Time = c.Calls, c.Time
				prof.Operations = append(prof.Operations, o)
			}
		}
		prof.Runs += runs
	}
	slices.SortStableFunc(ops.rows, func(a, b *Cost) int { return cmp.Compare(b.Time, a.Time) })
	prof.ByOp, prof.ByPath = ops.list(), paths.list()
	return prof, nil
}

func (p *Profile) run(s *step) error {
	start := time.Now()
	err := s.run()
	c := p.costs[s]
	c.Time += time.Since(start)
	c.Calls++
	c.FLOPs += s.flops
	c.Bytes += s.bytes
	return err
}

// groups sums costs by name, in order of first use.
type groups struct {
	rows   []*Cost
	byName map[string]*Cost
}

func (g *groups) add(name string, c *Cost) {
	row := g.byName[name]
	if row == nil {
		row = &Cost{Name: name}
		if g.byName == nil {
			g.byName = map[string]*Cost{}
		}
		g.byName[name] = row
		g.rows = append(g.rows, row)
	}
	row.Calls += c.Calls
	row.Time += c.Time
	row.FLOPs += c.FLOPs
	row.Bytes += c.Bytes
}

func (g *groups) list() []Cost {
	costs := make([]Cost, len(g.rows))
	for i, r := range g.rows {
		costs[i] = *r
	}
	return costs
}

// starIndices merges the parts of lists: h.3.attn becomes h.*.attn.
func starIndices(path string) string {
	parts := splitPath(path)
	for i, p := range parts {
		if strings.Trim(p, "0123456789") == "" {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

func (p *Profile) String() string {
	var s strings.Builder
	runs := max(p.Runs, 1)
	var total time.Duration
	for _, c := range p.ByOp {
		total += c.Time
	}
	fmt.Fprintf(&s, "%d runs, %.3f ms each\n", p.Runs, total.Seconds()*1e3/float64(runs))
	for _, table := range []struct {
		head string
		rows []Cost
	}{{"operation", p.ByOp}, {"path", p.ByPath}} {
		fmt.Fprintf(&s, "\n%-32s %7s %10s %6s %9s %9s\n", table.head, "calls", "ms/run", "%", "GFLOP/s", "GB/s")
		for _, c := range table.rows {
			name, seconds := c.Name, c.Time.Seconds()
			if name == "" {
				name = "(top)"
			}
			fmt.Fprintf(&s, "%-32s %7d %10.3f %6.1f %9.2f %9.2f\n", name, c.Calls/runs, seconds*1e3/float64(runs),
				100*seconds/max(total.Seconds(), 1e-12), float64(c.FLOPs)/max(seconds, 1e-12)/1e9, float64(c.Bytes)/max(seconds, 1e-12)/1e9)
		}
	}
	return s.String()
}
