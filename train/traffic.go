package train

import G "gorgonia.org/gorgonia"

// Traffic is the sums that the ranks of a Group send in a step, for an estimate of the time.
type Traffic struct {
	Buckets []int // bytes of the gradients that are sent together, in order
	Levels  int   // sums of a bucket that pass one after another until the total is complete at one rank, which then broadcasts it
}

// TrafficOf returns the traffic of a step of a model.
func TrafficOf(model []G.ValueGrad, microBatches, ranks int) Traffic {
	t := Traffic{Levels: levels(max(microBatches, ranks), ranks, 0, ranks)}
	for _, b := range bucketsOf(model, ranks) {
		bytes := 0
		for _, p := range model[b.first:b.end] {
			bytes += bytesIn(p)
		}
		t.Buckets = append(t.Buckets, bytes)
	}
	return t
}

// levels returns the number of sums that pass one after another to collect the parts of the ranks lo … hi-1, as treeSum.collect does.
func levels(microBatches, ranks, lo, hi int) int {
	if hi-lo < 2 {
		return 0
	}
	mid := (lo + hi + 1) / 2
	parts := func(lo, hi int) int {
		first, _ := divide(microBatches, lo, ranks)
		_, end := divide(microBatches, hi-1, ranks)
		return len(cover(first, end))
	}
	return max(levels(microBatches, ranks, lo, mid), levels(microBatches, ranks, mid, hi)) + max(parts(lo, mid), parts(mid, hi))
}

func bytesIn(p G.ValueGrad) int { return size(p.Value()) * int(p.Value().Dtype().Size()) }
