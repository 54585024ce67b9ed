package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// scoring is the number of users in a batch that is scored.
const scoring = 128

// evaluation holds the flags of eval.
type evaluation struct {
	model, data, separator string
	batch                  int

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/recommend", "`folder` of the model")
	f.StringVar(&e.data, "data", "", "`file` of a user and an item per line, .gz too (default: the histories of the model's run)")
	f.StringVar(&e.separator, "separator", " ", "text between user and item")
	f.IntVar(&e.batch, "batch", scoring, "users in a batch")
}

// run scores a model on the last item of each user.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.File("data", e.data), flags.Model("model", e.model)); err != nil {
		return err
	}
	p, err := e.split()
	if err != nil {
		return err
	}
	r, err := open(e.model, min(e.batch, len(p.test)))
	if err != nil {
		return err
	}
	if int(p.items) > r.model.Items {
		return errors.Errorf("the data have item %d, the model of %s knows the items 1 … %d", p.items, e.model, r.model.Items)
	}
	return r.score(w, p.test)
}

// split splits the histories of -data, or those of the model's run.
func (e *evaluation) split() (parts, error) {
	if e.data != "" {
		return split(e.data, e.separator)
	}
	key, err := job.Recall((&options{set: e.set}).program(), e.model)
	if errors.Is(err, fs.ErrNotExist) {
		return parts{}, errors.Errorf("-data is missing, and %s has no run: name a file of histories to score", e.model)
	}
	if err != nil {
		return parts{}, err
	}
	p, err := split(e.data, e.separator)
	if err == nil && p.key() != key {
		err = errors.Errorf("%s has key %.12s, the run of %s had %.12s: the histories have changed: name others with -data",
			cmp.Or(e.data, "this program"), p.key(), e.model, key)
	}
	return p, err
}

// candidates is the number of other items with which the right item is ranked, as in the paper.
const candidates = 100

// chosenBy is the score that chooses the best checkpoint: NDCG@10 on the items that a run holds out to validate.
func (r *recommender) chosenBy(valid data.Histories) job.Score {
	return job.Score{Name: "NDCG@10", Of: func(ctx context.Context, _ train.Evaluation) (float64, error) {
		ranks, _, err := r.ranks(ctx, valid, false)
		return ranks.NDCG(10), err
	}}
}

// score ranks the last item of each history, and writes the means.
func (r *recommender) score(w io.Writer, histories data.Histories) error {
	some, all, err := r.ranks(context.Background(), histories, true)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%-26s %8s %8s %8s %8s\n", fmt.Sprintf("%d users", len(histories)), "HR@1", "HR@10", "NDCG@10", "MRR")
	for _, row := range []struct {
		name string
		r    train.Ranks
	}{{fmt.Sprintf("among %d other items", candidates), some}, {"among all unseen items", all}} {
		fmt.Fprintf(w, "%-26s %8.4f %8.4f %8.4f %8.4f\n", row.name, row.r.HitRate(1), row.r.HitRate(10), row.r.NDCG(10), row.r.MRR())
	}
	return nil
}

// ranks ranks the last item of each history among random other items and, if unseen is set, among all items that the user does not have.
func (r *recommender) ranks(ctx context.Context, histories data.Histories, unseen bool) (some, all train.Ranks, err error) {
	for first := 0; first < len(histories); {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		rows := make([][]int32, min(r.batch, len(histories)-first))
		for i := range rows {
			h := histories[first+i]
			rows[i] = h[:len(h)-1]
		}
		n := r.fit(rows)
		scores, err := r.scores(rows[:n])
		if err != nil {
			return nil, nil, err
		}
		for i, h := range histories[first:][:n] {
			others, err := data.Others(h, candidates, int32(r.model.Items), kernel.Seed{Key: kernel.Key(1, "candidates"), Stream: uint64(first + i)})
			if err != nil {
				return nil, nil, err
			}
			if some, err = appendRank(some, scores[i], h, others); err != nil {
				return nil, nil, err
			}
			if !unseen {
				continue
			}
			if all, err = appendRank(all, scores[i], h, r.unseen(h)); err != nil {
				return nil, nil, err
			}
		}
		first += n
	}
	return some, all, nil
}

// appendRank appends the rank of the last item of a history among others.
func appendRank(ranks train.Ranks, scores []float32, history, others []int32) (train.Ranks, error) {
	rank, err := train.Rank(scores, history[len(history)-1], others)
	return append(ranks, rank), err
}
