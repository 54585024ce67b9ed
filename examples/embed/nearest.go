package main

import (
	"cmp"
	"math"
	"slices"
)

// neighbour is a sentence and its nearness to a text.
type neighbour struct {
	index  int
	cosine float64 // of the angle between the vectors
}

// nearest returns the n vectors of the smallest angles to v, the nearest first. Equal ones keep their order.
func nearest(v []float32, vectors [][]float32, n int) []neighbour {
	all := make([]neighbour, len(vectors))
	for i, w := range vectors {
		all[i] = neighbour{i, cosine(v, w)}
	}
	slices.SortStableFunc(all, func(a, b neighbour) int { return cmp.Compare(b.cosine, a.cosine) })
	return all[:min(n, len(all))]
}

// cosine returns the cosine of the angle between two vectors, 0 if one is zero.
func cosine(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return dot / math.Sqrt(aa*bb)
}
