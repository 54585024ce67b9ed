package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// prediction holds the flags of predict.
type prediction struct {
	model, history string
	n              int
}

func (p *prediction) flags(f *flags.Set) {
	f.Group("Data")
	f.StringVar(&p.model, "model", "out/recommend", "`folder` of the model")
	f.StringVar(&p.history, "history", "", "`items` of the user in order of time, separated by spaces: \"3 17 4\"")
	f.IntVar(&p.n, "n", 10, "number of items to recommend")
}

// run writes the items with the largest scores.
func (p *prediction) run(w io.Writer) error {
	history, err := p.items()
	if err := flags.First(err, flags.AtLeast("n", p.n, 1), flags.Model("model", p.model)); err != nil {
		return err
	}
	r, err := open(p.model, 1)
	if err != nil {
		return err
	}
	if most := slices.Max(history); int(most) > r.model.Items {
		return errors.Errorf("-history has item %d, the model of %s knows the items 1 … %d", most, p.model, r.model.Items)
	}
	best, err := r.best(history, p.n)
	if err == nil {
		fmt.Fprintf(w, "after %v: %v\n", history, best)
	}
	return err
}

// items returns the items of -history.
func (p *prediction) items() (history []int32, err error) {
	for _, field := range strings.Fields(p.history) {
		item, err := strconv.ParseInt(field, 10, 32)
		if err != nil || item < 1 {
			return nil, errors.Errorf("-history has item %.40q, want numbers of 1 … %d, separated by spaces", field, math.MaxInt32)
		}
		history = append(history, int32(item))
	}
	if len(history) == 0 {
		return nil, errors.New("-history is empty: name at least one item, such as -history \"3 17 4\"")
	}
	return history, nil
}

// recommender computes the scores of all items for batches of histories.
type recommender struct {
	model   models.SASRec
	batch   int
	places  int // that the histories of a batch have together, if the model is Masked
	program *graph.Program
}

// placesOf is the number of places of a packed batch for each user. Most users have few items.
const placesOf = 8

func newRecommender(params *graph.Params, m models.SASRec, batch int) (r *recommender, err error) {
	r = &recommender{model: m, batch: batch, places: max(m.Context, placesOf*batch)}
	declare := m.Scores(batch, m.Context)
	if m.Masked {
		declare = m.PackedScores(batch, r.places)
	}
	r.program, err = graph.Build(params, graph.Eval, declare)
	return r, err
}

// open reads a model folder.
func open(dir string, batch int) (*recommender, error) {
	var m models.SASRec
	if err := checkpoints.ReadConfig(dir, &m); err != nil {
		return nil, err
	}
	params := graph.NewParams(tensor.Float32, 1)
	r, err := newRecommender(params, m, batch)
	if err != nil {
		return nil, err
	}
	return r, checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore})
}

// fit returns the number of histories, from the first, that fit into a batch.
func (r *recommender) fit(histories [][]int32) int {
	n, places := 0, 0
	for ; n < min(len(histories), r.batch); n++ {
		places += min(len(histories[n]), r.model.Context)
		if r.model.Masked && places > r.places {
			break
		}
	}
	return n
}

// scores returns the scores of all items after each history. They are valid until the next call. The histories must fit.
func (r *recommender) scores(histories [][]int32) (rows [][]float32, err error) {
	feed := graph.Feed{"items": padded(histories, r.batch, r.model.Context)}
	if r.model.Masked {
		if feed, err = data.FeedHistories(histories, r.batch, r.places, r.model.Context); err != nil {
			return nil, err
		}
	}
	if err := r.program.Run(feed); err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(r.program.Output("scores").Float32s(), r.model.Items+1)), nil
}

// padded returns the last t items of each history, padded at the beginning: (b, t).
func padded(histories [][]int32, b, t int) *tensor.Dense {
	items := tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(b, t))
	for i, h := range histories {
		h = h[max(len(h)-t, 0):]
		copy(items.Int32s()[(i+1)*t-len(h):], h)
	}
	return items
}

// unseen returns the items that are not in a history.
func (r *recommender) unseen(history []int32) (ids []int32) {
	seen := make([]bool, r.model.Items+1)
	for _, id := range history {
		seen[id] = true
	}
	for id := int32(1); int(id) <= r.model.Items; id++ {
		if !seen[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// best returns the n items with the largest scores that are not in the history, best first.
func (r *recommender) best(history []int32, n int) ([]int32, error) {
	rows, err := r.scores([][]int32{history})
	if err != nil {
		return nil, err
	}
	scores, ids := rows[0], r.unseen(history)
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return ids[:min(n, len(ids))], nil
}
