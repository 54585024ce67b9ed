package train

import (
	G "gorgonia.org/gorgonia"

	"github.com/pkg/errors"
)

// bucket is a range of weights whose gradients are sent together.
type bucket struct {
	first, end int // indices of the weights
	left       int // number of weights whose gradients are not final yet
	owner      int // rank that adds the parts, and with Shard updates the weights
}

// bucketBytes is the least size of a bucket, but for the last. Smaller messages would cost more latency, larger ones overlap less.
const bucketBytes = 4 << 20

// exchange sums the gradients of the ranks while the backward pass goes on. A goroutine sends the buckets in order, the last weights
// first, because the backward pass reaches them first.
type exchange struct {
	group   Group
	rank    int
	shard   bool
	sum     gradientSum
	buckets []bucket
	of      []int     // bucket of each weight
	counted []float64 // number of targets of each micro-batch of the step
	results []float64 // loss of each micro-batch times its targets, then whether some rank must stop

	begun bool
	next  int      // first bucket that is not final
	ready chan int // buckets whose gradients are final, in order
	done  chan error
}

func newExchange(g Group, model []G.ValueGrad, sum gradientSum, shard bool) *exchange {
	x := &exchange{group: g, rank: g.Rank(), shard: shard, sum: sum, buckets: bucketsOf(model, g.Size()), of: make([]int, len(model))}
	for i, b := range x.buckets {
		for w := b.first; w < b.end; w++ {
			x.of[w] = i
		}
	}
	x.ready, x.done = make(chan int, len(x.buckets)), make(chan error, 1)
	return x
}

// bucketsOf divides the weights of a model into buckets, the last weights first. The owner of a bucket is the rank that owns the fewest
// bytes.
func bucketsOf(model []G.ValueGrad, ranks int) (buckets []bucket) {
	loads := make([]int, ranks)
	total := 0
	for _, p := range model {
		total += bytesIn(p)
	}
	limit := min(bucketBytes, total/(2*ranks)+1)
	for end := len(model); end > 0; {
		first, bytes := end, 0
		for first > 0 && bytes < limit {
			first--
			bytes += bytesIn(model[first])
		}
		owner := 0
		for rank, load := range loads {
			if load < loads[owner] {
				owner = rank
			}
		}
		loads[owner] += bytes
		buckets = append(buckets, bucket{first: first, end: end, owner: owner})
		end = first
	}
	return buckets
}

// owns reports whether this rank updates weight w.
func (x *exchange) owns(w int) bool { return !x.shard || x.buckets[x.of[w]].owner == x.rank }

// begin prepares for a step of n micro-batches.
func (x *exchange) begin(n int) {
	if len(x.counted) != n {
		x.counted, x.results = make([]float64, n), make([]float64, n+1)
	}
	clear(x.counted)
	clear(x.results)
	for i := range x.buckets {
		x.buckets[i].left = x.buckets[i].end - x.buckets[i].first
	}
	x.next, x.begun = 0, false
}

// start begins to send in the last micro-batch of this rank, when the targets of all its micro-batches have been counted.
func (x *exchange) start(i int, counted float64) {
	x.counted[i], x.begun = counted, true
	go func() { x.done <- x.run() }()
}

func (x *exchange) run() error {
	if err := Share(x.group, x.counted); err != nil {
		return err
	}
	for range x.buckets {
		b := <-x.ready
		if b < 0 {
			return errors.New("stopped")
		}
		if !x.counts(node{0, len(x.counted)}) {
			continue // an error follows
		}
		if err := x.sum.reduce(x, &x.buckets[b]); err != nil {
			return err
		}
	}
	return nil
}

// final enters a weight whose gradient is final and sends the buckets that are complete, in order.
func (x *exchange) final(w int) {
	x.buckets[x.of[w]].left--
	for x.next < len(x.buckets) && x.buckets[x.next].left == 0 {
		x.ready <- x.next
		x.next++
	}
}

// wait waits for the sums. Then it shares the losses of the micro-batches, and whether some rank must stop.
func (x *exchange) wait(stop bool) (stopped bool, err error) {
	if err := <-x.done; err != nil {
		return false, err
	}
	n := len(x.results) - 1
	if stop {
		x.results[n] = 1
	}
	err = Share(x.group, x.results)
	return x.results[n] > 0, err
}

// cancel ends the goroutine of a step that has failed on this rank, unless it waits for another rank.
func (x *exchange) cancel() {
	if x != nil && x.begun && x.next < len(x.buckets) {
		x.ready <- -1
		x.begun = false
	}
}

// counts reports whether a target counts in a node.
func (x *exchange) counts(n node) bool {
	for _, c := range x.counted[n.start : n.start+n.size] {
		if c > 0 {
			return true
		}
	}
	return false
}

// send sends messages to a rank.
func (x *exchange) send(to int, messages [][]byte) error {
	for _, m := range messages {
		if err := x.group.Send(to, m); err != nil {
			return err
		}
	}
	return nil
}

// publish copies the weights from their owners to all ranks.
func (x *exchange) publish() error {
	for i := range x.buckets {
		if err := x.sum.publish(x, &x.buckets[i]); err != nil {
			return err
		}
	}
	return nil
}
