package main

import (
	"fmt"
	"io"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// evaluation holds the flags of eval.
type evaluation struct {
	model, data, separator string
	batch                  int
}

func (e *evaluation) flags(f *flags.Set) {
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/recommend", "`folder` of the model")
	f.StringVar(&e.data, "data", "", "`file` of a user and an item per line, .gz too (default: histories that the program makes)")
	f.StringVar(&e.separator, "separator", " ", "text between user and item")
	f.IntVar(&e.batch, "batch", 128, "users in a batch")
}

// run scores a model on the last item of each user.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.File("data", e.data), flags.Model("model", e.model)); err != nil {
		return err
	}
	p, err := split(e.data, e.separator)
	if err != nil {
		return err
	}
	r, err := open(e.model, e.batch)
	if err != nil {
		return err
	}
	if int(p.items) > r.model.Items {
		return errors.Errorf("the data have item %d, the model of %s knows the items 1 … %d", p.items, e.model, r.model.Items)
	}
	return r.score(w, p.test)
}

// candidates is the number of other items with which the right item is ranked, as in the paper.
const candidates = 100

// score ranks the last item of each history, and writes the means.
func (r *recommender) score(w io.Writer, histories data.Histories) error {
	var sampled, full train.Ranks
	for first := 0; first < len(histories); first += r.batch {
		part := histories[first:min(first+r.batch, len(histories))]
		rows := make([][]int32, len(part))
		for i, h := range part {
			rows[i] = h[:len(h)-1]
		}
		all, err := r.scores(rows)
		if err != nil {
			return err
		}
		for i, h := range part {
			some, err := data.Others(h, candidates, int32(r.model.Items), kernel.Seed{Key: kernel.Key(1, "candidates"), Stream: uint64(first + i)})
			if err != nil {
				return err
			}
			for _, c := range []struct {
				ranks *train.Ranks
				ids   []int32
			}{{&sampled, some}, {&full, r.unseen(h)}} {
				rank, err := train.Rank(all[i], h[len(h)-1], c.ids)
				if err != nil {
					return err
				}
				*c.ranks = append(*c.ranks, rank)
			}
		}
	}
	fmt.Fprintf(w, "%-26s %8s %8s %8s %8s\n", fmt.Sprintf("%d users", len(histories)), "HR@1", "HR@10", "NDCG@10", "MRR")
	for _, row := range []struct {
		name string
		r    train.Ranks
	}{{fmt.Sprintf("among %d other items", candidates), sampled}, {"among all unseen items", full}} {
		fmt.Fprintf(w, "%-26s %8.4f %8.4f %8.4f %8.4f\n", row.name, row.r.HitRate(1), row.r.HitRate(10), row.r.NDCG(10), row.r.MRR())
	}
	return nil
}
