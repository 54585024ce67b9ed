package tokenize_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// TestScores reads numbers. They are exact if one rounding is exact, and otherwise within the two roundings of the
// reference.
func TestScores(t *testing.T) {
	for _, number := range []string{"0", "-1", "-2.5", "12.25", "1e3", "-1.5E-3", "3e+2", "100000000000000000000", "5e-324", "0.1"} {
		want, err := strconv.ParseFloat(number, 64)
		if got := tokenize.ReadScore(number); err != nil || got != want {
			t.Errorf("%s: got %v, want %v", number, got, want)
		}
	}
	// The quotient of the rounded digits and 1e16, as in serde_json, is not the nearest float64.
	if got, want := tokenize.ReadScore("-2.0122928619384766"), -2.012292861938477; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestScoresComeBack writes and reads scores.
func TestScoresComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	moved := 0
	const n = 20_000
	for range n {
		v := -math.Exp(6*r.Float64() - 3)
		number := tokenize.WriteScore(v)
		if exact, err := strconv.ParseFloat(number, 64); err != nil || math.Abs(exact-v) > 1e-15*math.Abs(v) {
			t.Fatalf("%v: written as %s: %v, %v", v, number, exact, err)
		}
		again := tokenize.ReadScore(number)
		if math.Abs(again-v) > 1e-15*math.Abs(v) {
			t.Fatalf("%v: written as %s, read as %v", v, number, again)
		}
		if again != v {
			moved++
		}
		if second := tokenize.ReadScore(tokenize.WriteScore(again)); second != again {
			t.Fatalf("%v: read as %v the second time", again, second)
		}
	}
	if moved > n/100 {
		t.Errorf("%d of %d scores come back as another", moved, n)
	}
}
