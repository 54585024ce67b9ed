package train

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Ranks holds the rank of the right candidate of each query, from 0 for the first.
type Ranks []int

// Rank returns the rank of the right candidate: the number of other candidates whose score is at least as large. Candidates are indices
// of scores, and may include the right candidate. An equal score ranks first, so that a model with the same score for all candidates
// gains nothing. It is an error if an index has no score or if a score is NaN.
func Rank[T kernel.Float](scores []T, right int32, candidates []int32) (rank int, err error) {
	score := func(id int32) (T, error) {
		if id < 0 || int(id) >= len(scores) {
			return 0, errors.Errorf("train: rank: candidate %d, want an index below the %d scores", id, len(scores))
		}
		if s := scores[id]; s == s {
			return s, nil
		}
		return 0, errors.Errorf("train: rank: the score of candidate %d is NaN", id)
	}
	want, err := score(right)
	if err != nil {
		return 0, err
	}
	for _, id := range candidates {
		s, err := score(id)
		if err != nil {
			return 0, err
		}
		if id != right && s >= want {
			rank++
		}
	}
	return rank, nil
}

// HitRate returns HR@k, the fraction of the queries whose right candidate is among the first k. It is 0 without queries.
func (r Ranks) HitRate(k int) float64 {
	return r.mean(func(rank int) float64 {
		if rank < k {
			return 1
		}
		return 0
	})
}

// NDCG returns NDCG@k, the mean of 1/log₂(rank+2) over the queries, where a right candidate that is not among the first k counts 0
// (Järvelin and Kekäläinen 2002, with one right candidate). It is 0 without queries.
func (r Ranks) NDCG(k int) float64 {
	return r.mean(func(rank int) float64 {
		if rank < k {
			return 1 / math.Log2(float64(rank)+2)
		}
		return 0
	})
}

// MRR returns the mean of 1/(rank+1) over the queries. It is 0 without queries.
func (r Ranks) MRR() float64 {
	return r.mean(func(rank int) float64 { return 1 / float64(rank+1) })
}

func (r Ranks) mean(gain func(rank int) float64) float64 {
	sum := 0.0
	for _, rank := range r {
		sum += gain(rank)
	}
	return sum / float64(max(len(r), 1))
}
