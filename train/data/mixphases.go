package data

import (
	"math"
	"sort"

	"github.com/pkg/errors"
)

// prepare checks the parts and computes the phases, the first time.
func (m *Mixture) prepare() error {
	if m.phases != nil {
		return nil
	}
	rows, err := m.check()
	if err != nil {
		return err
	}
	used, begin := make([]int, len(m.parts)), 0
	var phases []phase
	m.ends = -1
	for {
		p, ok := m.phase(begin, used, rows)
		if !ok {
			m.ends = begin
			break
		}
		end := p.finish(rows)
		phases = append(phases, p)
		if end < 0 {
			break
		}
		shares := p.shares(p.blocks)
		used = append([]int{}, used...)
		for i := range used {
			used[i] += shares[i] + p.last[i]
		}
		begin += end
	}
	m.phases = phases
	return nil
}

// check returns an error for the first invalid part. rows are the rows of each part until it ends, or -1.
func (m *Mixture) check() (rows []int, err error) {
	if n := len(m.parts); n == 0 || n > mostParts {
		return nil, errors.Errorf("%d parts, want 1 … %d", n, mostParts)
	}
	packed := false
	for i, part := range m.parts {
		b, t, p := part.Source.shape()
		switch {
		case !(part.Weight > 0) || math.IsInf(part.Weight, 1):
			return nil, errors.Errorf("part %d has weight %v, want a positive number", i+1, part.Weight)
		case part.Epochs < 0:
			return nil, errors.Errorf("part %d has %d epochs, want at least 0", i+1, part.Epochs)
		case i > 0 && (b != m.b || t != m.t || p != packed):
			return nil, errors.Errorf("part %d has rows of another kind: %d×%d, packed %t, and part 1 %d×%d, packed %t", i+1, b, t, p, m.b, m.t, packed)
		}
		m.b, m.t, packed = b, t, p
		n, err := part.Source.epoch()
		if err != nil {
			return nil, errors.WithMessagef(err, "part %d", i+1)
		}
		if part.Epochs == 0 {
			rows = append(rows, -1)
		} else {
			rows = append(rows, n*part.Epochs)
		}
	}
	m.feed = newPackedFeed(m.b, m.t)
	if !packed {
		delete(m.feed.feed, "positions")
		delete(m.feed.feed, "starts")
		m.feed.positions, m.feed.starts = nil, nil
	}
	return rows, nil
}

// phase returns the phase from a row on, in which the parts take part that have not ended. ok is false if all have.
func (m *Mixture) phase(begin int, used, rows []int) (p phase, ok bool) {
	p = phase{begin: begin, used: used, weights: make([]float64, len(m.parts))}
	sum := 0.0
	for i, part := range m.parts {
		if rows[i] < 0 || used[i] < rows[i] {
			p.weights[i] = part.Weight
			sum += part.Weight
			ok = true
		}
	}
	for i := range p.weights {
		if p.weights[i] /= sum; p.weights[i] > p.weights[p.most] {
			p.most = i
		}
	}
	return p, ok
}

// finish finds the block in which the first parts end. It returns the rows of the phase, or -1 if no part ends.
func (p *phase) finish(rows []int) int {
	ends := func(blocks int) bool { // in the first blocks
		for i, n := range p.shares(blocks) {
			if rows[i] >= 0 && p.weights[i] > 0 && p.used[i]+n >= rows[i] {
				return true
			}
		}
		return false
	}
	hi := 1
	for !ends(hi) {
		if hi *= 2; hi > mostRows/mixBlock {
			return -1
		}
	}
	p.blocks = sort.Search(hi, func(k int) bool { return ends(k + 1) })
	before, after := p.shares(p.blocks), p.shares(p.blocks+1)
	p.last = make([]int, len(before))
	total := 0
	for i := range before {
		p.last[i] = after[i] - before[i]
		if rows[i] >= 0 && p.weights[i] > 0 {
			p.last[i] = min(p.last[i], rows[i]-p.used[i]-before[i])
		}
		total += p.last[i]
	}
	return p.blocks*mixBlock + total
}
