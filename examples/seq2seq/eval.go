package main

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// evaluation holds the flags of eval.
type evaluation struct {
	dataset
	model              string
	omit               bool
	batch, beam, limit int
	tokens             int
	bleu               train.BLEUTokens
	output             string

	set *flags.Set
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f
	e.dataset.flags(f, "the held-out pairs of the model's run")
	f.StringVar(&e.model, "model", "out/seq2seq", "`folder` of the model")
	vocabulary.OmitFlag(f, &e.omit)
	f.IntVar(&e.limit, "limit", 0, "number of pairs to score, spread evenly over the data; 0 scores all")
	f.IntVar(&e.batch, "batch", 64, "pairs in a batch")
	f.Group("Search")
	f.IntVar(&e.beam, "beam", 1, "width of the beam; 1 takes the most likely token each time")
	f.IntVar(&e.tokens, "tokens", 0, "number of tokens of a result at most; 0 means as many as the model has")
	f.Group("Scores")
	f.TextVar(&e.bleu, "bleu-tokens", e.bleu, "`name` of the way to cut texts into tokens for BLEU, as in sacrebleu: 13a, intl, zh, char or none")
	f.StringVar(&e.output, "output", "", "`file` for the results, one per line in the order of the data")
}

// check returns an error for the first invalid flag.
func (e *evaluation) check() error {
	return flags.First(flags.AtLeast("batch", e.batch, 1), flags.AtLeast("limit", e.limit, 0), flags.AtLeast("beam", e.beam, 1),
		flags.AtLeast("tokens", e.tokens, 0), e.dataset.check(), flags.NewFile("output", e.output), flags.Model("model", e.model))
}

// run prints the loss and its accuracy, the share of target tokens, ends included, that the model finds most likely after the true tokens
// before them. Then it generates the targets of all sources and prints the share that equals the target, BLEU and chrF.
func (e *evaluation) run(w io.Writer) error {
	if err := e.check(); err != nil {
		return err
	}
	t, pairs, held, err := e.pairs()
	if err != nil {
		return err
	}
	pairs, held = spread(pairs, e.limit), spread(held, e.limit)
	z := data.PairSize{S: t.model.source, T: t.model.target}
	if _, long := pairs.Fit(z); long > 0 {
		return errors.Errorf("%d of %d pairs are longer than the model's %d source and %d target tokens: leave them out, "+
			"or train a model on longer pairs", long, len(pairs), z.S, z.T-1)
	}
	var show report.Progress
	score, err := t.loss(pairs, e.batch, &show)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "loss %.4f perplexity %.2f token-accuracy %.4f pairs %d\n", score.Loss, score.Perplexity(), score.Accuracy, len(pairs))
	results, err := t.results(pairs, method{e.batch, e.beam, e.tokens}, &show)
	if err != nil {
		return err
	}
	show.Done()
	if err := e.write(results); err != nil {
		return err
	}
	return e.score(w, t, results, pairs, held)
}

// spread returns n items, evenly spread; 0 means all.
func spread[S ~[]T, T any](all S, n int) (some S) {
	if n == 0 || n >= len(all) {
		return all
	}
	for i := range n {
		some = append(some, all[i*len(all)/n])
	}
	return some
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
	if t, err = open(e.model, e.omit); err != nil {
		return nil, nil, nil, err
	}
	if held, err = encode(second, t.tok, t.ends()); err != nil || was == "" {
		return t, held, second, err
	}
	learning, err := encode(first, t.tok, t.ends())
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
