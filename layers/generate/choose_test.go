package generate_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

const vocabulary = 50257 // GPT-2's

// zipfian returns logits distributed like a language model's, with ties.
func zipfian(key uint64, n int) []float32 {
	logits := make([]float32, n)
	for i := range logits {
		u := kernel.Seed{Key: key}.Uniform(uint64(i))
		logits[i] = float32(math.Round(-6000*math.Log(1-u))/1000 - 20)
	}
	return logits
}

// chooseSorted chooses by definition: it sorts all tokens, applies the filters in order, and draws by cumulative probability.
func chooseSorted(logits []float32, o generate.Options, drawn int) int32 {
	type token struct {
		id int32
		p  float64
	}
	var all []token
	for id, l := range logits {
		all = append(all, token{int32(id), float64(l) / o.Temperature})
	}
	slices.SortFunc(all, func(a, b token) int { return cmp.Or(cmp.Compare(b.p, a.p), cmp.Compare(a.id, b.id)) })
	if o.TopK > 0 {
		all = all[:min(o.TopK, len(all))]
	}
	normalize := func(of func(float64) float64) {
		sum := 0.0
		for i := range all {
			all[i].p = of(all[i].p)
			sum += all[i].p
		}
		for i := range all {
			all[i].p /= sum
		}
	}
	most := all[0].p
	normalize(func(x float64) float64 { return math.Exp(x - most) })
	if o.TopP > 0 {
		n, sum := 0, 0.0
		for ; n < len(all) && sum < o.TopP; n++ {
			sum += all[n].p
		}
		all = all[:n]
	}
	least := o.MinP * all[0].p
	all = slices.DeleteFunc(all, func(t token) bool { return t.p < least })
	normalize(func(x float64) float64 { return x })
	u := kernel.Seed{Key: o.Seed, Stream: 0x73616d706c65}.Uniform(uint64(drawn))
	for _, t := range all {
		if u -= t.p; u < 0 {
			return t.id
		}
	}
	return all[len(all)-1].id
}

var filters = []generate.Options{
	{Temperature: 1}, {Temperature: 0.8, TopK: 200}, {Temperature: 1, TopK: 1}, {Temperature: 2, TopK: 5000}, {Temperature: 1, TopP: 0.9},
	{Temperature: 3, TopP: 0.99}, {Temperature: 1, MinP: 0.05}, {Temperature: 0.7, TopK: 1000, TopP: 0.8, MinP: 0.01}, {Temperature: 0.01, TopK: 50},
}

// TestChoosingEqualsSorting: partitioning and sorting choose the same token for the same seed.
func TestChoosingEqualsSorting(t *testing.T) {
	sizes := []int{1, 2, 25, 1000, vocabulary}
	if !sweep.All() {
		sizes = sizes[:4]
	}
	for _, n := range sizes {
		sorted := zipfian(uint64(n), n)
		slices.Sort(sorted) // each token is better than all before it
		reversed := slices.Clone(sorted)
		slices.Reverse(reversed)
		for name, logits := range map[string][]float32{"random": zipfian(1, n), "ascending": sorted, "descending": reversed, "equal": make([]float32, n)} {
			for i, o := range filters {
				o.Seed = uint64(i)
				choose, err := generate.Chooser(o, n)
				if err != nil {
					t.Fatal(err)
				}
				for drawn := range min(40, 1_000_000/n/len(filters)+2) {
					got, err := choose(logits, nil, drawn)
					if want := chooseSorted(logits, o, drawn); err != nil || got != want {
						t.Errorf("%d %s tokens, %+v, draw %d: got %d and error %v, want %d", n, name, o, drawn, got, err, want)
					}
				}
			}
		}
	}
}

// TestChoosingAllocatesNothing: after the first token, choosing a token allocates nothing.
func TestChoosingAllocatesNothing(t *testing.T) {
	logits, text := zipfian(1, vocabulary), random(2, vocabulary, 100)
	for _, o := range append(filters, generate.Options{}, generate.Options{
		Temperature: 1, TopK: 200, RepetitionPenalty: 1.1, FrequencyPenalty: 0.1, PresencePenalty: 0.1, NoRepeat: 3, MinTokens: 99, Stop: []int32{7},
		Bias: map[int32]float32{3: -inf, 5: 2},
	}) {
		choose, err := generate.Chooser(o, vocabulary)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if got := testing.AllocsPerRun(3, func() {
			if _, err := choose(logits, text, n); err != nil {
				t.Fatal(err)
			}
			n++
		}); got != 0 {
			t.Errorf("%+v: got %g allocations, want none", o, got)
		}
	}
}

// TestTinyTemperature: a temperature close to 0 chooses the most likely token; no NaN or infinity arises.
func TestTinyTemperature(t *testing.T) {
	for _, temperature := range []float64{1e-5, 1e-300, math.SmallestNonzeroFloat64} {
		choose, err := generate.Chooser(generate.Options{Temperature: temperature}, 4)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := choose([]float32{-1e30, 3, 1e30, -inf}, nil, 0); got != 2 || err != nil {
			t.Errorf("temperature %g: got token %d and error %v, want 2", temperature, got, err)
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	logits, flat, text := zipfian(1, vocabulary), zipfian(1, vocabulary), random(2, vocabulary, 1000)
	for i := range flat {
		flat[i] /= 20
	}
	for _, c := range []struct {
		name   string
		logits []float32
		o      generate.Options
	}{
		{"greedy", logits, generate.Options{}},
		{"top-k=200", logits, generate.Options{Temperature: 0.8, TopK: 200}},
		{"top-k=200/penalties", logits, generate.Options{Temperature: 0.8, TopK: 200, RepetitionPenalty: 1.1, FrequencyPenalty: 0.1, NoRepeat: 3}},
		{"all", logits, generate.Options{Temperature: 1}},
		{"top-p=0.9", logits, generate.Options{Temperature: 1, TopP: 0.9}},
		{"top-p=0.9/flat", flat, generate.Options{Temperature: 1, TopP: 0.9}},
		{"min-p=0.05", logits, generate.Options{Temperature: 1, MinP: 0.05}},
	} {
		b.Run(c.name, func(b *testing.B) {
			choose, err := generate.Chooser(c.o, vocabulary)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if _, err := choose(c.logits, text, n%1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("probability", func(b *testing.B) {
		room := make([]float32, vocabulary)
		b.ReportAllocs()
		for b.Loop() {
			generate.LogSum(logits, room)
		}
	})
}
