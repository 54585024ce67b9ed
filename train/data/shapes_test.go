package data_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// drawnRows returns n rows of 1 … longest ids, short ones more often.
func drawnRows(r *rand.Rand, n, longest int) (rows data.Rows) {
	for range n {
		rows = append(rows, data.Row{IDs: make([]int32, 1+r.IntN(1+r.IntN(longest)))})
	}
	return rows
}

// drawnPairs returns n pairs of 1 … longest source ids and a similar number of target ids.
func drawnPairs(r *rand.Rand, n, longest int) (pairs data.Pairs) {
	for range n {
		s := 1 + r.IntN(1+r.IntN(longest))
		pairs = append(pairs, data.Pair{Source: make([]int32, s), Target: make([]int32, max(0, s+r.IntN(4)-2))})
	}
	return pairs
}

// rowPositions returns the positions of all rows in the shortest lengths, and whether each length has at least a batch of rows.
func rowPositions(rows data.Rows, lengths []int, least func(int) int) (sum int, valid bool) {
	counts := make([]int, len(lengths))
	for _, r := range rows {
		k := slices.IndexFunc(lengths, func(n int) bool { return n >= len(r.IDs) })
		if k < 0 {
			return 0, false
		}
		counts[k]++
		sum += lengths[k]
	}
	for k, n := range counts {
		if n < least(lengths[k]) && len(lengths) > 1 {
			return 0, false
		}
	}
	return sum, true
}

// TestRowShapesAreOptimal compares with all choices of the lengths of rows.
func TestRowShapesAreOptimal(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		longest, most := 1+r.IntN(9), 1+r.IntN(4)
		rows := drawnRows(r, 1+r.IntN(40), longest)
		s := data.Shaping{Rows: 1 + r.IntN(8), Most: most}
		if r.IntN(2) == 0 {
			s.Rows, s.Tokens = 0, 1+r.IntN(40)
		}
		least := func(n int) int {
			if s.Tokens > 0 {
				return max(1, s.Tokens/n)
			}
			return s.Rows
		}
		var all []int
		for _, row := range rows {
			all = append(all, len(row.IDs))
		}
		slices.Sort(all)
		all = slices.Compact(all)
		best := math.MaxInt
		for set := 1; set < 1<<len(all); set++ {
			var lengths []int
			for k, n := range all {
				if set>>k&1 == 1 {
					lengths = append(lengths, n)
				}
			}
			if sum, ok := rowPositions(rows, lengths, least); ok && len(lengths) <= most {
				best = min(best, sum)
			}
		}
		var lengths []int
		for _, size := range must[[]data.RowSize](t)(rows.Shapes(s, 7)) {
			lengths = append(lengths, size.T)
			if size.B != least(size.T) || size.Pad != 7 {
				t.Errorf("%+v: got %+v, want %d rows and Pad 7", s, size, least(size.T))
			}
		}
		if sum, ok := rowPositions(rows, lengths, least); !ok || sum != best || len(lengths) > most {
			t.Errorf("%+v, %d rows: got lengths %v with %d positions, want at most %d lengths with %d", s, len(rows), lengths, sum, most, best)
		}
	}
}

// pairPositions returns the positions of all pairs in the cheapest sizes, and whether each size has at least B pairs.
func pairPositions(pairs data.Pairs, sizes []data.PairSize) (sum int, valid bool) {
	counts := make([]int, len(sizes))
	for _, p := range pairs {
		k := cheapest(p, sizes)
		if k < 0 {
			return 0, false
		}
		counts[k]++
		sum += sizes[k].S + sizes[k].T
	}
	for k, n := range counts {
		if n < sizes[k].B && len(sizes) > 1 {
			return 0, false
		}
	}
	return sum, true
}

// cheapest returns the first of the cheapest sizes that hold a pair, or -1.
func cheapest(p data.Pair, sizes []data.PairSize) int {
	k := -1
	for i, s := range sizes {
		if len(p.Source) <= s.S && len(p.Target) < s.T && (k < 0 || s.S+s.T < sizes[k].S+sizes[k].T) {
			k = i
		}
	}
	return k
}

// TestPairShapesAreNearOptimal compares with all choices of up to three rectangles. The search is local, so it may miss the best choice.
// It must find it in most cases and stay within 5 % in all.
func TestPairShapesAreNearOptimal(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	found, cases := 0, 60
	for range cases {
		pairs := drawnPairs(r, 20+r.IntN(100), 4)
		s := data.Shaping{Rows: 1 + r.IntN(12), Most: 1 + r.IntN(3)}
		if r.IntN(2) == 0 {
			s.Rows, s.Tokens = 0, 10+r.IntN(40)
		}
		got, valid := pairPositions(pairs, must[[]data.PairSize](t)(pairs.Shapes(s)))
		want := fewestPositions(pairs, s)
		if !valid || got < want || float64(got) > 1.05*float64(want) {
			t.Errorf("%+v: got %d positions, valid %t, want %d", s, got, valid, want)
		}
		if got == want {
			found++
		}
	}
	if found < cases*9/10 {
		t.Errorf("got the best choice in %d of %d cases, want it in nine of ten", found, cases)
	}
}

// fewestPositions tries all choices of at most s.Most rectangles.
func fewestPositions(pairs data.Pairs, s data.Shaping) int {
	longest := data.PairSize{}
	for _, p := range pairs {
		longest.S, longest.T = max(longest.S, len(p.Source)), max(longest.T, len(p.Target)+1)
	}
	best := math.MaxInt
	var choose func(from int, sizes []data.PairSize)
	choose = func(from int, sizes []data.PairSize) {
		if sum, ok := pairPositions(pairs, sizes); ok {
			best = min(best, sum)
		}
		for i := from; i < longest.S*longest.T && len(sizes) < s.Most; i++ {
			size := data.PairSize{B: s.Rows, S: 1 + i/longest.T, T: 1 + i%longest.T}
			if s.Tokens > 0 {
				size.B = max(1, s.Tokens/(size.S+size.T))
			}
			choose(i+1, append(slices.Clone(sizes), size))
		}
	}
	choose(0, nil)
	return best
}

// TestPairShapes: shapes of more lengths than the search distinguishes hold all pairs, keep the limits, and do not depend on the order.
func TestPairShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	pairs := drawnPairs(r, 5000, 400)
	for _, s := range []data.Shaping{{Rows: 32}, {Tokens: 2000}, {Rows: 64, Most: 1}, {Tokens: 500, Most: 5}, {Rows: 6000, Most: 4}} {
		sizes := must[[]data.PairSize](t)(pairs.Shapes(s))
		_, valid := pairPositions(pairs, sizes)
		if most := max(s.Most, 1); !valid || s.Most > 0 && len(sizes) > most || s.Most == 0 && len(sizes) != 12 {
			t.Errorf("%+v: got sizes %v, valid %t", s, sizes, valid)
		}
		for _, size := range sizes {
			if n := size.S + size.T; s.Tokens > 0 && (size.B > 1 && size.B*n > s.Tokens || (size.B+1)*n <= s.Tokens) || s.Rows > 0 && size.B != s.Rows {
				t.Errorf("%+v: got %+v, want the most rows within the budget", s, size)
			}
		}
		other := slices.Clone(pairs)
		r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		if again := must[[]data.PairSize](t)(other.Shapes(s)); !slices.Equal(again, sizes) {
			t.Errorf("%+v: got %v in another order, want %v", s, again, sizes)
		}
	}
}

func TestShapeErrors(t *testing.T) {
	pairs, rows := somePairs(9), someRows(9)
	for _, c := range []struct {
		data.Shaping
		words []string
	}{
		{data.Shaping{}, []string{"Rows 0 and Tokens 0"}},
		{data.Shaping{Rows: 2, Tokens: 3}, []string{"Rows 2 and Tokens 3", "one of them"}},
		{data.Shaping{Rows: -2}, []string{"Rows -2"}},
		{data.Shaping{Rows: 2, Most: -1}, []string{"at most -1 shapes", "at least 1"}},
	} {
		_, err := pairs.Shapes(c.Shaping)
		wantError(t, err, append(c.words, "data: shapes of pairs")...)
		_, err = rows.Shapes(c.Shaping, 0)
		wantError(t, err, append(c.words, "data: shapes of rows")...)
	}
	one := data.Shaping{Rows: 1}
	_, err := append(pairs, data.Pair{Target: []int32{1}}).Shapes(one)
	wantError(t, err, "1 of 10 pairs have no source", "pair 9", "Pairs.Fit")
	_, err = append(rows, data.Row{}).Shapes(one, 0)
	wantError(t, err, "1 of 10 rows are empty", "Rows.Fit")
	_, err = data.Pairs{}.Shapes(one)
	wantError(t, err, "the set is empty")
	_, err = data.Rows{}.Shapes(one, 0)
	wantError(t, err, "the set is empty")
}

// TestShapesOfSentences needs nine of ten positions of real sentences. Four bytes count as a token.
func TestShapesOfSentences(t *testing.T) {
	text := must[[]data.TextPair](t)(data.ReadParallel(shared(t, "data", "multi30k/train.de.gz"), shared(t, "data", "multi30k/train.en.gz"), utf8))
	pairs := must[data.Pairs](t)(data.EncodePairs(text, quarters{}, quarters{}))
	for _, s := range []data.Shaping{{Rows: 128}, {Tokens: 4096}} {
		got := must[float64](t)(pairs.Batches(data.Marks{}, must[[]data.PairSize](t)(pairs.Shapes(s))...).Filled())
		if got < 0.9 {
			t.Errorf("%+v: got %.3f of the positions filled, want at least 0.9", s, got)
		}
	}
}

// quarters encodes text as one id for each four bytes.
type quarters struct{}

func (quarters) AppendEncode(dst []int32, text string) ([]int32, error) {
	return append(dst, make([]int32, (len(strings.TrimSpace(text))+3)/4)...), nil
}

// With two shapes, short rows share a batch and so do long rows.
func ExampleRows_Shapes() {
	var rows data.Rows
	for _, length := range []int{2, 9, 3, 8, 9, 1} {
		rows = append(rows, data.Row{IDs: make([]int32, length)})
	}
	for _, most := range []int{1, 2} {
		sizes, err := rows.Shapes(data.Shaping{Rows: 3, Most: most}, 0)
		if err != nil {
			fmt.Println(err)
			return
		}
		filled, err := rows.Batches(sizes...).Filled()
		fmt.Printf("%+v %.2f %v\n", sizes, filled, err)
	}
	// Output:
	// [{B:3 T:9 Pad:0}] 0.59 <nil>
	// [{B:3 T:3 Pad:0} {B:3 T:9 Pad:0}] 0.89 <nil>
}

func BenchmarkPairShapes(b *testing.B) {
	pairs := drawnPairs(rand.New(rand.NewPCG(4, 4)), 1_000_000, 200)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pairs.Shapes(data.Shaping{Rows: 128}); err != nil {
			b.Fatal(err)
		}
	}
}
