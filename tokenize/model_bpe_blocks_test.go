package tokenize_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// TestBlocksAreWhole compares merging in blocks with merging by a single heap, on random vocabularies in which a merge
// may have a lower rank than the merges that make its tokens.
func TestBlocksAreWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	joined, vocabularies := 0, 300
	if !sweep.All() {
		vocabularies = 100
	}
	for range vocabularies {
		var tokens []string
		for b := range 256 {
			tokens = append(tokens, string([]byte{byte(b)}))
		}
		letters := "abcdefgh"[:1+r.IntN(8)]
		for range r.IntN(40) {
			token := randomText(r, letters, 2+r.IntN(6))
			if !slices.Contains(tokens, token) {
				tokens = append(tokens, token)
			}
		}
		r.Shuffle(len(tokens), func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
		var file strings.Builder
		for rank, token := range tokens {
			fmt.Fprintln(&file, base64.StdEncoding.EncodeToString([]byte(token)), rank)
		}
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseTiktoken([]byte(file.String()), tokenize.Tiktoken{Pattern: gpt2Pattern(t)}))
		m := tok.Stages().Model.(*tokenize.BPE)
		for range 10 {
			text := randomText(r, letters, 1+r.IntN(1500))
			got, ok := m.MergeBlocks(text)
			if !ok {
				continue
			}
			joined++
			if want := m.MergeWhole(text); !slices.Equal(got, want) {
				t.Fatalf("%q by %q: got %v, want %v", text, tokens, got, want)
			}
		}
	}
	if joined < 20*vocabularies/3 {
		t.Errorf("blocks fitted together %d times of %d, want %d", joined, 10*vocabularies, 20*vocabularies/3)
	}
}

func randomText(r *rand.Rand, letters string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}
