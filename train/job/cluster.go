package job

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Cluster describes the machines for which a dry run estimates the time of a step.
type Cluster struct {
	Ranks   int     // largest number of ranks in the table; 0 means no table
	Link    float64 // GB/s from one rank to another
	Latency float64 // µs of a message
}

func (c *Cluster) flags(f FlagSet) {
	f.IntVar(&c.Ranks, "ranks", c.Ranks, "with -dry-run, estimate a step under mpirun for up to this `number` of ranks; 0 estimates none")
	f.Float64Var(&c.Link, "link", 1.25, "with -ranks, speed of the network between two ranks in `GB/s`; 10 Gbit/s are 1.25")
	f.Float64Var(&c.Latency, "latency", 50, "with -ranks, time of an empty message between two ranks in `µs`")
}

// short formats a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second && d < time.Minute:
		return fmt.Sprintf("%.3gs", d.Seconds())
	case d >= time.Millisecond && d < time.Second:
		return fmt.Sprintf("%.3gms", d.Seconds()*1000)
	}
	return report.Duration(d)
}

// mostRanks limits the table.
const mostRanks = 1 << 20

func (c *Cluster) check(dry bool) error {
	switch {
	case c.Ranks < 0 || c.Ranks > mostRanks:
		return errors.Errorf("-ranks is %d, want 0 to %d", c.Ranks, mostRanks)
	case c.Ranks > 0 && !dry:
		return errors.Errorf("-ranks is %d without -dry-run: add -dry-run for an estimate, or start ranks with mpirun -n %[1]d", c.Ranks)
	case !(c.Link > 0 && c.Link < math.Inf(1)) && (c.Ranks > 0 || c.Link != 0):
		return errors.Errorf("-link is %g, want a number of GB/s above 0", c.Link)
	case !(c.Latency >= 0 && c.Latency < math.Inf(1)):
		return errors.Errorf("-latency is %g, want a number of µs of at least 0", c.Latency)
	}
	return nil
}

// cost is the measured cost of a step of one process, and the traffic of its ranks.
type cost struct {
	step, update time.Duration
	microBatches int
	bytes        int // of all gradients
	traffic      func(microBatches, ranks int) train.Traffic
}

// Sizes of messages, see package mpi. Larger ones than these wait for the receiver's answer, or pass from rank to rank in pieces.
const (
	eager = 64 << 10
	piece = 32 << 10
)

// on estimates the time of a step on some ranks. A rank computes its micro-batches; if there are more ranks than micro-batches, the batches
// are divided further, so that a step keeps its tokens. The gradients cross the network bucket by bucket: up a tree to one rank, and in a
// broadcast to all. The last micro-batch's backward pass, two thirds of its time, hides all but the last bucket.
func (c Cluster) on(ranks int, k cost) (step, network time.Duration) {
	micro := max(k.microBatches, ranks)
	each := float64(k.step-k.update) / float64(micro)
	share := (micro + ranks - 1) / ranks
	compute := each*float64(share) + float64(k.update)
	if ranks == 1 {
		return time.Duration(compute), 0
	}
	t := k.traffic(micro, ranks)
	wire, last := 0.0, 0.0
	for _, bytes := range t.Buckets {
		last = float64(t.Levels)*c.message(bytes) + c.broadcast(bytes, ranks)
		wire += last
	}
	shared := 2 * 2 * levelsOf(ranks) * c.Latency * 1e3 // counts and losses, up and down
	shown := math.Max(last, wire-each*2/3) + shared
	return time.Duration(compute + shown), time.Duration(wire + shared)
}

// message returns the nanoseconds of a message.
func (c Cluster) message(bytes int) float64 {
	trips := 1.0
	if bytes > eager {
		trips = 3 // request, answer, data
	}
	return trips*c.Latency*1e3 + float64(bytes)/c.Link
}

// broadcast returns the nanoseconds of a broadcast.
func (c Cluster) broadcast(bytes, ranks int) float64 {
	if ranks == 2 || bytes <= 2*piece {
		return levelsOf(ranks) * c.message(bytes)
	}
	return float64(ranks-1)*c.Latency*1e3 + float64(bytes+(ranks-2)*piece)/c.Link
}

// levelsOf returns the levels of a binary tree of ranks.
func levelsOf(ranks int) float64 { return float64(bits.Len(uint(ranks - 1))) }

// estimateRanks prints the estimated step for 1, 2, 4, … ranks.
func (r *Run) estimateRanks(k cost) {
	if r.Cluster.Ranks == 0 {
		return
	}
	r.printf("ranks        a link of %g GB/s, %g µs; gradients of %s; estimated from the measured step", r.Cluster.Link, r.Cluster.Latency, size(k.bytes))
	r.printf("  ranks    a step   network   speed-up   efficiency")
	one, _ := r.Cluster.on(1, k)
	for n := 1; ; n = min(2*n, r.Cluster.Ranks) {
		step, network := r.Cluster.on(n, k)
		gain := float64(one) / float64(step)
		r.printf("%7d %9s %9s %9.2fx %11.0f%%", n, short(step), short(network), gain, 100*gain/float64(n))
		if n == r.Cluster.Ranks {
			return
		}
	}
}
