package generate_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestBeams: several searches at once find the results of each alone, for sources and prompts of different lengths.
func TestBeams(t *testing.T) {
	plain := models.Seq2Seq{
		EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8, SourceVocab: 13, TargetVocab: 13, Source: 5, Target: 7, BOS: []int32{0},
	}
	sources := [][]int32{{3, 4, 2}, {5}, {1, 6, 6, 4, 2}}
	for name, m := range map[string]generate.EncoderDecoder{"T5": smallT5, "transformer": plain} {
		params := newParams()
		for _, prompts := range [][][]int32{{{0}, {0}, {0}}, {{0, 6}, {0}, {0, 3, 3, 4}}} {
			for width := 1; width <= 4; width++ {
				o := generate.BeamOptions{Stop: []int32{1, 5}, LengthPenalty: 1}
				var each [][]int32
				for _, s := range sources {
					each = append(each, slices.Repeat([][]int32{s}, width)...)
				}
				d := decoder(t, params, m, width*len(sources))
				if err := d.SetSources(each); err != nil {
					t.Fatal(err)
				}
				got, err := generate.Beams(d, prompts, o)
				if err != nil {
					t.Fatal(err)
				}
				alone := decoder(t, params, m, width)
				for i, s := range sources {
					if err := alone.SetSources(slices.Repeat([][]int32{s}, width)); err != nil {
						t.Fatal(err)
					}
					want, err := generate.Beam(alone, prompts[i], o)
					if err != nil {
						t.Fatal(err)
					}
					if len(got[i]) != len(want) {
						t.Fatalf("%s, width %d, source %d: got %v, want %v", name, width, i, got[i], want)
					}
					for j := range want {
						if !slices.Equal(got[i][j].Tokens, want[j].Tokens) || !(math.Abs(got[i][j].Score-want[j].Score) <= scoreTolerance) {
							t.Errorf("%s, width %d, source %d: got %v, want %v", name, width, i, got[i], want)
						}
					}
				}
			}
		}
	}
	d := decoder(t, newParams(), smallT5, 4)
	for _, prompts := range [][][]int32{nil, {{0}, {0}, {0}}} {
		if _, err := generate.Beams(d, prompts, generate.BeamOptions{}); err == nil || !strings.Contains(err.Error(), "a multiple of the prompts") {
			t.Errorf("%d prompts in a batch of 4: got error %v", len(prompts), err)
		}
	}
}
