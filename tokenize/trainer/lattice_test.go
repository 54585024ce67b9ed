package trainer_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// naiveExpected is the definition in logarithms: the ways to a place, the ways from it, and both through each piece.
func naiveExpected(text string, scores map[string]float64) map[string]float64 {
	add := func(a, b float64) float64 {
		if a < b {
			a, b = b, a
		}
		if math.IsInf(b, -1) {
			return a
		}
		return a + math.Log1p(math.Exp(b-a))
	}
	n := len(text)
	to, from := make([]float64, n+1), make([]float64, n+1)
	for i := range to {
		to[i], from[i] = math.Inf(-1), math.Inf(-1)
	}
	to[0], from[n] = 0, 0
	for i := 1; i <= n; i++ {
		for p, score := range scores {
			if strings.HasSuffix(text[:i], p) {
				to[i] = add(to[i], to[i-len(p)]+score)
			}
			if strings.HasPrefix(text[n-i:], p) {
				from[n-i] = add(from[n-i], from[n-i+len(p)]+score)
			}
		}
	}
	expected := map[string]float64{}
	for i := range n {
		for p, score := range scores {
			if strings.HasPrefix(text[i:], p) {
				expected[p] += math.Exp(to[i] + score + from[i+len(p)] - to[n])
			}
		}
	}
	return expected
}

// randomPieces are the letters and some strings of them, with probabilities from frequent to once in 10¹².
func randomPieces(r *rand.Rand) map[string]float64 {
	scores := map[string]float64{"a": -28 * r.Float64(), "b": -28 * r.Float64(), "c": -28 * r.Float64()}
	for range 12 {
		scores[randomLetters(r, 1+r.IntN(16))] = -28 * r.Float64()
	}
	return scores
}

func randomLetters(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "abc"[r.IntN(3)]
	}
	return string(b)
}

func TestExpectedPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 2, 3, 7, 20, 100, 2000} { // the odds of 2,000 rare letters are far below what a float64 holds
		for range 20 {
			scores := randomPieces(r)
			var b strings.Builder
			for pieces := slices.Sorted(maps.Keys(scores)); b.Len() < n; {
				b.WriteString(pieces[r.IntN(len(pieces))])
			}
			text := b.String()
			l := tokentest.Must[*trainer.Lattice](t)(trainer.NewLattice([]string{text}, scores))
			got, want := l.Expected(text), naiveExpected(text, scores)
			for p := range scores {
				if math.Abs(got[p]-want[p]) > 1e-9*float64(len(text)) { // a count is rounded to 2⁻⁴⁰ at each place
					t.Fatalf("%d letters: %q: got %v, want %v", len(text), p, got[p], want[p])
				}
			}
			if len(text) < 200 {
				checkCut(t, l, text, scores)
			}
		}
	}
}

// checkCut compares the best way to cut text with that of all ways.
func checkCut(t *testing.T, l *trainer.Lattice, text string, scores map[string]float64) {
	t.Helper()
	best := make([]float64, len(text)+1)
	for i := 1; i <= len(text); i++ {
		best[i] = math.Inf(-1)
		for p, score := range scores {
			if p != "ab" && strings.HasSuffix(text[:i], p) {
				best[i] = max(best[i], best[i-len(p)]+score)
			}
		}
	}
	got, pieces := 0.0, l.Cut(text, "ab")
	for _, p := range pieces {
		got += scores[p]
	}
	if strings.Join(pieces, "") != text || slices.Contains(pieces, "ab") || math.Abs(got-best[len(text)]) > 1e-6 {
		t.Fatalf("%q: got %q with score %v, want %v", text, pieces, got, best[len(text)])
	}
}

func TestSeeds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		texts := make([]string, 1+r.IntN(8))
		for i := range texts {
			texts[i] = randomLetters(r, 1+r.IntN(30))
		}
		got := tokentest.Must[map[string]int64](t)(trainer.Seeds(texts, 6))
		if want := naiveSeeds(texts, 6); !maps.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", texts, got, want)
		}
	}
}

// naiveSeeds counts all substrings, and leaves out those that occur once or are always followed by the same letter.
func naiveSeeds(texts []string, longest int) map[string]int64 {
	counts, next := map[string]int64{}, map[string]map[byte]bool{}
	for _, text := range texts {
		for i := range text {
			for j := i + 1; j <= min(len(text), i+longest); j++ {
				s, follow := text[i:j], byte(0)
				if j < len(text) {
					follow = text[j]
				}
				if counts[s]++; next[s] == nil {
					next[s] = map[byte]bool{}
				}
				next[s][follow] = true
			}
		}
	}
	for s, n := range counts {
		if len(s) > 1 && (n < 2 || len(next[s]) == 1 && !next[s][0]) {
			delete(counts, s)
		}
	}
	return counts
}

func TestDigamma(t *testing.T) {
	const gamma = 0.57721566490153286061 // Euler's constant; the values are those of Abramowitz and Stegun 1964, 6.3.2 to 6.3.4
	whole, half := -gamma, -gamma-2*math.Ln2
	for n := 1.0; n < 1000; n++ {
		for x, want := range map[float64]float64{n: whole, n - 0.5: half} {
			if got := trainer.Digamma(x); math.Abs(got-want) > 1e-13*max(1, math.Abs(want)) {
				t.Errorf("%v: got %v, want %v", x, got, want)
			}
		}
		whole, half = whole+1/n, half+1/(n-0.5)
	}
}
