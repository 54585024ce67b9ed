package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// evaluation holds the flags of eval.
type evaluation struct {
	dataset
	model string
	omit  bool
	batch int

	set *flags.Set
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f
	e.dataset.flags(f, "the held-out pairs of the model's run")
	f.StringVar(&e.model, "model", "out/seq2seq", "`folder` of the model")
	vocabulary.OmitFlag(f, &e.omit)
	f.IntVar(&e.batch, "batch", 64, "pairs in a batch")
}

// run prints two accuracies: the share of pairs whose greedy text equals the target, and the share of target tokens, ends included,
// that the model finds most likely after the true tokens before them.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.AtLeast("batch", e.batch, 1); err != nil {
		return err
	}
	if err := flags.First(e.dataset.check(), flags.Model("model", e.model)); err != nil {
		return err
	}
	t, pairs, held, err := e.pairs()
	if err != nil {
		return err
	}
	size := data.PairSize{B: e.batch, S: t.model.Source, T: t.model.Target}
	if _, long := pairs.Fit(size); long > 0 {
		return errors.Errorf("%d of %d pairs are longer than the model's %d source and %d target tokens: leave them out, "+
			"or train a model on longer pairs", long, len(pairs), size.S, size.T-1)
	}
	sizes, err := pairs.Shapes(data.Shaping{Rows: e.batch})
	if err != nil {
		return err
	}
	p, err := graph.BuildShapes(t.params, graph.Eval, sizes, func(s *graph.Scope, z data.PairSize) { t.model.Loss(z.B, z.S, z.T)(s) })
	if err != nil {
		return err
	}
	batches := pairs.Sequential(marks(t.model), sizes...)
	score, err := train.Evaluate(context.Background(), p, batches, batches.Len())
	if err != nil {
		return err
	}
	exact := 0
	for at := 0; at < len(pairs); at += e.batch {
		n, err := t.exact(pairs[at:min(at+e.batch, len(pairs))], held[at:])
		if err != nil {
			return err
		}
		exact += n
	}
	_, err = fmt.Fprintf(w, "exact %.4f token-accuracy %.4f pairs %d\n", float64(exact)/float64(len(pairs)), score.Accuracy, len(pairs))
	return err
}

// pairs opens the model and returns the held-out pairs, encoded and as texts. Without -data or -source they are those of the model's run,
// without pairs that have no source, as in training.
func (e *evaluation) pairs() (t *translator, held data.Pairs, texts []data.TextPair, err error) {
	was, err := e.recall()
	if err != nil {
		return nil, nil, nil, err
	}
	first, second, err := e.read()
	if err != nil {
		return nil, nil, nil, err
	}
	if t, err = open(e.model, e.batch, e.omit); err != nil {
		return nil, nil, nil, err
	}
	if held, err = data.EncodePairs(second, t.tok, t.tok); err != nil || was == "" {
		return t, held, second, err
	}
	learning, err := data.EncodePairs(first, t.tok, t.tok)
	if err != nil {
		return nil, nil, nil, err
	}
	learning, _ = withSource(learning, first)
	held, texts = withSource(held, second)
	return t, held, texts, e.sameKey(key(learning, held), was)
}

// withSource returns the pairs that have a source, and their texts.
func withSource(all data.Pairs, of []data.TextPair) (pairs data.Pairs, texts []data.TextPair) {
	for i, p := range all {
		if len(p.Source) > 0 {
			pairs, texts = append(pairs, p), append(texts, of[i])
		}
	}
	return pairs, texts
}

// recall sets the flags of the data from the model's run and returns the key of its data. If the command line names pairs, it returns
// "".
func (e *evaluation) recall() (key string, err error) {
	if e.file+e.source+e.target != "" {
		return "", nil
	}
	key, err = job.Recall((&options{set: e.set.FlagSet}).program(), e.model)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.Errorf("-data is missing, and %s has no run with held-out pairs: name a file of pairs to score", e.model)
	}
	return key, err
}

// sameKey returns an error if the key of the pairs differs from the run's. With -held-out, only the key of all pairs counts.
func (e *evaluation) sameKey(now, was string) error {
	if e.set.Given("held-out") {
		_, now, _ = strings.Cut(now, "-")
		_, was, _ = strings.Cut(was, "-")
	}
	if now == was {
		return nil
	}
	return errors.Errorf("%s has key %.16s, the run of %s had %.16s: the pairs have changed: name others with -data",
		cmp.Or(e.file, e.source, "the default"), now, e.model, was)
}

// exact returns the number of pairs of a batch whose generated text equals the target.
func (t *translator) exact(pairs data.Pairs, texts []data.TextPair) (n int, err error) {
	sources, starts := make([][]int32, t.Batch()), make([][]int32, t.Batch())
	for i := range sources {
		sources[i], starts[i] = pairs[min(i, len(pairs)-1)].Source, t.model.BOS[:1]
	}
	if err := t.SetSources(sources); err != nil {
		return 0, err
	}
	out, err := generate.Batch(t.Decoder, starts, generate.Options{Stop: t.model.EOS, Bias: t.allow(nil)})
	if err != nil {
		return 0, err
	}
	for i := range pairs {
		text, err := t.tok.Decode(out[i])
		if err != nil {
			return 0, err
		}
		if text == texts[i].Target {
			n++
		}
	}
	return n, nil
}
