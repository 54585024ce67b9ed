package main

import (
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/dates"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// mostHeld is the largest number of held-out pairs.
const mostHeld = 500

// dates reads the pairs of -data or makes up dates. The last tenth, at most mostHeld pairs, is held out.
func (o *options) dates() (*task, error) {
	texts, from := dates.Pairs(20_000), "made-up dates"
	if o.data != "" {
		from = filepath.Base(o.data)
		var err error
		if texts, err = data.ReadPairs(o.data, "\t", o.encoding); err != nil {
			return nil, err
		}
	}
	n := min(len(texts)/10, mostHeld)
	if n == 0 {
		return nil, errors.Errorf("%s has %d pairs, want at least 10: a tenth is held out", o.data, len(texts))
	}
	rows, tok, err := encode(texts)
	if err != nil {
		return nil, err
	}
	learning, held := rows[:len(rows)-n], rows[len(rows)-n:]
	length := slices.MaxFunc(rows, func(a, b row) int { return len(a.ids) - len(b.ids) })
	t := &task{
		about: message.NewPrinter(language.English).Sprintf("%s, %d pairs, %d held out", from, len(learning), n),
		unit:  "pairs", units: o.batch, vocab: rows.vocab(), rows: o.batch, length: len(length.ids) - 1, key: rows.key(), tok: tok, exact: true,
	}
	t.stop = end(rows)
	t.prompt = func(i int) []int32 { return held[i%n].ids[:held[i%n].prompt] }
	prompt := slices.MaxFunc(rows, func(a, b row) int { return a.prompt - b.prompt }).prompt
	t.window = prompt + rows.longest() // so that every prompt has room for the longest target
	t.batches = func() train.Source { return &rowBatches{rows: learning, b: o.batch, t: t.length, seed: o.Seed} }
	t.held = func() job.Held {
		return &rowBatches{rows: held.spread(o.EvalTokens), b: o.batch, t: t.length, passes: true}
	}
	t.score = func(c contender, params *graph.Params, r *result) (err error) {
		r.exact, err = held.exact(c.model, params, o.batch)
		return err
	}
	return t, nil
}

// encode returns the pairs as rows of characters, "source<tab>target<newline>", and their tokenizer.
func encode(texts []data.TextPair) (rows, vocabulary.Vocabulary, error) {
	lines := func(yield func(string) bool) {
		for _, p := range texts {
			if !yield(p.Source + "\t" + p.Target + "\n") {
				return
			}
		}
	}
	tok, err := vocabulary.Options{Name: "char"}.Open("", vocabulary.Texts(lines))
	if err != nil {
		return nil, tok, err
	}
	list := make(rows, len(texts))
	for i, p := range texts {
		prompt, err := tok.Encode(p.Source + "\t")
		if err != nil {
			return nil, tok, err
		}
		target, err := tok.Encode(p.Target + "\n")
		if err != nil {
			return nil, tok, err
		}
		list[i] = row{ids: append(prompt, target...), prompt: len(prompt)}
	}
	return list, tok, nil
}

// end returns the id of the newline, which ends every row.
func end(r rows) []int32 { return r[0].ids[len(r[0].ids)-1:] }

// exact returns the fraction of rows whose target is the model's greedy continuation of the prompt.
func (r rows) exact(m models.LanguageModel, params *graph.Params, batch int) (float64, error) {
	batch = min(batch, len(r))
	d, err := generate.NewDecoder(params, m, batch)
	if err != nil {
		return 0, err
	}
	right, prompts := 0, make([][]int32, batch)
	for first := 0; first < len(r); first += batch {
		for i := range prompts {
			row := r[min(first+i, len(r)-1)]
			prompts[i] = row.ids[:row.prompt]
		}
		out, err := generate.Batch(d, prompts, generate.Options{Tokens: r.longest(), Stop: end(r)})
		if err != nil {
			return 0, err
		}
		for i, row := range r[first:min(first+batch, len(r))] {
			if slices.Equal(out[i], row.target()) {
				right++
			}
		}
	}
	return float64(right) / float64(len(r)), nil
}
