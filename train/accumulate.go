package train

import (
	"context"
	"fmt"
	"math"

	"github.com/pkg/errors"
)

// connect prepares the sums of gradients for the Program and the Group.
func (tr *Trainer) connect() {
	if tr.program == tr.Program {
		return
	}
	tr.program, tr.model = tr.Program, tr.Program.ValueGrads()
	tr.sum, tr.links, tr.own = newGradientSum(tr.model), nil, tr.model
	if ranks(tr.Group) == 1 {
		return
	}
	tr.links, tr.own = newExchange(tr.Group, tr.model, tr.sum, tr.Shard), nil
	for w, p := range tr.model {
		if tr.links.owns(w) {
			tr.own = append(tr.own, p)
		}
	}
}

// place names the rank for messages.
func (tr *Trainer) place(what string) string {
	if ranks(tr.Group) == 1 {
		return what
	}
	return fmt.Sprintf("%s: rank %d", what, tr.Group.Rank())
}

// ends reports whether no further step begins.
func (tr *Trainer) ends(ctx context.Context) bool {
	if tr.links == nil {
		return ctx.Err() != nil
	}
	return tr.stopped
}

// Stopped reports whether the last Steps ended because the ctx of some rank was cancelled.
func (tr *Trainer) Stopped() bool { return tr.stopped }

// gradients runs the n micro-batches of a step that fall to this rank and sums the gradients of all. r.Loss is the sum of the losses,
// each times its number of targets.
func (tr *Trainer) gradients(ctx context.Context, source Source, n int, r *Report) (err error) {
	lo, hi := divide(n, rankOf(tr.Group), ranks(tr.Group))
	tr.sum.begin(lo, hi, tr.links == nil)
	if tr.links != nil {
		tr.links.begin(n)
	}
	defer func() {
		tr.Program.Scale, tr.Program.Ready = 1, nil
		if err != nil {
			tr.links.cancel()
		}
	}()
	tr.losses.list = tr.losses.list[:0]
	for i := lo; i < hi; i++ {
		loss, counted, err := tr.micro(source, i, i == hi-1)
		if err != nil {
			return err
		}
		if tr.links == nil {
			if err := finite(tr.Batch+i, loss); err != nil {
				return err
			}
			tr.losses.add(i, loss*counted, counted)
		} else {
			tr.links.results[i] = loss * counted
		}
	}
	if tr.links != nil {
		if tr.stopped, err = tr.links.wait(ctx.Err() != nil); err != nil {
			return err
		}
		for i, counted := range tr.links.counted {
			if err := finite(tr.Batch+i, tr.links.results[i]); err != nil {
				return err
			}
			tr.losses.add(i, tr.links.results[i], counted)
		}
	}
	r.Loss, tr.counted = tr.losses.total()
	return nil
}

// micro runs micro-batch i of a step and adds its gradients. The last one of this rank completes the sum.
func (tr *Trainer) micro(source Source, i int, last bool) (loss, counted float64, err error) {
	feed, err := source.Batch(tr.Batch + i)
	if err != nil {
		return 0, 0, err
	}
	p, several := tr.Program, tr.MicroBatches > 1
	p.Stream, p.Scale, p.Ready = uint64(tr.Batch+i), 1, nil
	sends := last && tr.links != nil
	counted, err = counter{p, several}.run(feed, func(counted float64) {
		if several {
			p.Scale = counted
		}
		if sends { // while the backward pass goes on
			tr.sum.leaf(i, false)
			tr.links.start(i, counted)
			p.Ready = tr.finish
		}
	})
	switch {
	case err != nil:
		return 0, 0, errors.WithMessagef(err, "batch %d", tr.Batch+i)
	case counted > 0:
		loss = p.Loss()
	}
	if !sends || counted == 0 {
		tr.enter(i, counted, last)
	}
	return loss, counted, nil
}

// enter adds the gradients of a micro-batch whose run is complete.
func (tr *Trainer) enter(i int, counted float64, last bool) {
	sends := last && tr.links != nil
	tr.sum.leaf(i, counted == 0)
	if tr.links != nil {
		tr.links.counted[i] = counted
	}
	if sends {
		tr.links.start(i, counted)
	}
	for w := range tr.model {
		if tr.sum.fold(w); sends {
			tr.links.final(w)
		}
	}
	if !last {
		tr.sum.keep()
	}
}

// finish completes the gradient of weight w on this rank and sends it.
func (tr *Trainer) finish(w int) {
	tr.sum.fold(w)
	tr.links.final(w)
}

func finite(batch int, loss float64) error {
	if loss-loss != 0 {
		return errors.Errorf("the loss of batch %d is %v: lower the rate, or set Program.TraceNaN to see where it arises", batch, loss)
	}
	return nil
}

// norm returns the norm of all gradients together, which is finite.
func (tr *Trainer) norm() (float64, error) {
	if tr.links == nil || !tr.Shard {
		norm, err := GradNorm(tr.model)
		if err != nil || norm-norm == 0 {
			return norm, err
		}
		if err := nonFinite(tr.model); err != nil {
			return 0, err
		}
		return 0, errors.Errorf("the norm of the gradients is %v, though each of them is finite", norm)
	}
	squares := make([]float64, len(tr.model))
	for w, p := range tr.model {
		if !tr.links.owns(w) {
			continue
		}
		g, err := gradOf(p)
		if err != nil {
			return 0, err
		}
		squares[w] = sumSquares(g)
	}
	if err := Share(tr.Group, squares); err != nil {
		return 0, err
	}
	sum := 0.0
	for w, v := range squares {
		if v-v != 0 {
			return 0, errors.Errorf("gradient of %s is not finite", nameOf(tr.model[w], w))
		}
		sum += v
	}
	return math.Sqrt(sum), nil
}
