package main

import (
	"crypto/sha256"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// row is a prompt and its target, which ends with a newline. Only the target counts in the loss.
type row struct {
	ids    []int32
	prompt int // number of ids of the prompt
}

// target returns the target without the newline.
func (r row) target() []int32 { return r.ids[r.prompt : len(r.ids)-1] }

type rows []row

// vocab returns the number of different ids, which begin with 0.
func (r rows) vocab() (n int) {
	for _, row := range r {
		for _, id := range row.ids {
			n = max(n, int(id)+1)
		}
	}
	return n
}

// longest returns the length of the longest target, with its newline.
func (r rows) longest() (n int) {
	for _, row := range r {
		n = max(n, len(row.ids)-row.prompt)
	}
	return n
}

// key identifies the rows.
func (r rows) key() string {
	h := sha256.New()
	for _, row := range r {
		fmt.Fprintln(h, row.prompt, row.ids)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// spread returns rows with about n tokens in their targets, spread evenly; all rows if n is 0.
func (r rows) spread(n int) (some rows) {
	all := 0
	for _, row := range r {
		all += len(row.ids) - row.prompt
	}
	if n == 0 || n >= all {
		return r
	}
	count := max(n*len(r)/all, 1)
	for i := range count {
		some = append(some, r[i*len(r)/count])
	}
	return some
}

// rowBatches is a Source of batches of b rows of t tokens, drawn at random, or once in order if passes is set.
type rowBatches struct {
	rows   rows
	b, t   int
	seed   uint64
	passes bool

	feed            graph.Feed
	tokens, targets []int32
}

// Len returns the number of batches of one pass.
func (s *rowBatches) Len() int { return (len(s.rows) + s.b - 1) / s.b }

// Batch implements train.Source.
func (s *rowBatches) Batch(i int) (graph.Feed, error) {
	if s.passes && (i < 0 || i >= s.Len()) {
		return nil, errors.Errorf("batch %d of %d", i, s.Len())
	}
	if s.feed == nil {
		s.tokens, s.targets = make([]int32, s.b*s.t), make([]int32, s.b*s.t)
		s.feed = graph.Feed{
			"tokens":  tensor.New(tensor.WithShape(s.b, s.t), tensor.WithBacking(s.tokens)),
			"targets": tensor.New(tensor.WithShape(s.b, s.t), tensor.WithBacking(s.targets)),
		}
	}
	clear(s.tokens)
	for j := range s.targets {
		s.targets[j] = ops.IgnoreTarget
	}
	draws := kernel.Seed{Key: kernel.Key(s.seed, "rows")}
	for j := range s.b {
		at := i*s.b + j
		if s.passes && at >= len(s.rows) {
			break
		}
		if !s.passes {
			at = min(int(draws.Uniform(uint64(at))*float64(len(s.rows))), len(s.rows)-1)
		}
		row := s.rows[at]
		copy(s.tokens[j*s.t:][:s.t], row.ids)
		copy(s.targets[j*s.t+row.prompt-1:], row.ids[row.prompt:])
	}
	return s.feed, nil
}
