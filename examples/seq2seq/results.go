package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// shown is a Source that shows its progress.
type shown struct {
	*data.PairBatches
	show *report.Progress
}

// Batch implements train.Source.
func (s shown) Batch(i int) (graph.Feed, error) {
	s.show.Part("loss", i+1, s.Len())
	return s.PairBatches.Batch(i)
}

// loss scores the pairs in batches of their real lengths.
func (t *translator) loss(pairs data.Pairs, batch int, show *report.Progress) (train.Evaluation, error) {
	sizes, err := pairs.Shapes(data.Shaping{Rows: batch})
	if err != nil {
		return train.Evaluation{}, err
	}
	p, err := graph.BuildShapes(t.params, graph.Eval, sizes, func(s *graph.Scope, z data.PairSize) { t.model.Loss(z.B, z.S, z.T)(s) })
	if err != nil {
		return train.Evaluation{}, err
	}
	batches := pairs.Sequential(t.model.marks(), sizes...)
	return train.Evaluate(context.Background(), p, shown{batches, show}, batches.Len())
}

// method is the way to generate results.
type method struct{ batch, beam, tokens int }

// results generates the targets of all sources, many at once. Sources of about the same length share a batch.
func (t *translator) results(pairs data.Pairs, by method, show *report.Progress) ([]string, error) {
	order := make([]int, len(pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(pairs[b].Source), len(pairs[a].Source)) }) // the longest first
	results, batch := make([]string, len(pairs)), min(by.batch, len(pairs))
	done := 0
	for items := range slices.Chunk(order, batch) {
		sources := make([][]int32, batch)
		for i := range sources { // the last source fills up the batch
			sources[i] = pairs[items[min(i, len(items)-1)]].Source
		}
		found, err := t.generate(sources, by)
		if err != nil {
			return nil, err
		}
		for i, item := range items {
			if results[item], err = t.tok.Decode(found[i]); err != nil {
				return nil, err
			}
		}
		done += len(items)
		show.Part("generated", done, len(pairs))
	}
	return results, nil
}

// generate returns the most likely targets of sources, the longest first.
func (t *translator) generate(sources [][]int32, by method) (found [][]int32, err error) {
	if 2*len(sources[0]) <= t.size.source {
		t.last = nil // a shorter Decoder is faster
	}
	d, err := t.decoder(len(sources)*by.beam, len(sources[0]), by.tokens)
	if err != nil {
		return nil, err
	}
	var each [][]int32
	for _, s := range sources {
		each = append(each, slices.Repeat([][]int32{s}, by.beam)...)
	}
	if err := d.SetSources(each); err != nil {
		return nil, err
	}
	starts, allowed := slices.Repeat([][]int32{t.model.bos[:1]}, len(sources)), t.allow(nil)
	if by.beam == 1 {
		return generate.Batch(d, starts, generate.Options{Tokens: by.tokens, Stop: t.model.eos, Bias: allowed})
	}
	all, err := generate.Beams(d, starts, generate.BeamOptions{Tokens: by.tokens, Stop: t.model.eos, Bias: allowed, LengthPenalty: 1})
	for _, h := range all {
		found = append(found, h[0].Tokens)
	}
	return found, err
}

// score prints the scores of results. A result is exact if it is the target as the tokenizer writes it, such as in lower case.
func (e *evaluation) score(w io.Writer, t *translator, results []string, pairs data.Pairs, texts []data.TextPair) error {
	references, exact := make([][]string, len(pairs)), 0
	for i, p := range pairs {
		references[i] = []string{texts[i].Target}
		written, err := t.tok.Decode(p.Target)
		if err != nil {
			return err
		}
		if results[i] == written {
			exact++
		}
	}
	how := "greedy search"
	if e.beam > 1 {
		how = fmt.Sprintf("%d beams", e.beam)
	}
	fmt.Fprintf(w, "exact %.4f by %s\n", float64(exact)/float64(len(pairs)), how)
	for _, lower := range []bool{false, true} {
		s, err := train.BLEU{Tokens: e.bleu, Lower: lower}.Score(results, references)
		if err != nil {
			return err
		}
		fmt.Fprintln(w, s)
	}
	s, err := train.ChrF{}.Score(results, references)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, s)
	return errors.WithStack(err)
}

// write writes the results into the file of -output.
func (e *evaluation) write(results []string) error {
	if e.output == "" {
		return nil
	}
	return checkpoints.WriteFile(e.output, func(w io.Writer) error {
		for _, r := range results {
			if _, err := fmt.Fprintln(w, strings.Join(strings.Fields(r), " ")); err != nil {
				return errors.WithStack(err)
			}
		}
		return nil
	})
}
