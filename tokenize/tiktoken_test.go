package tokenize_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// ranks reads a .tiktoken file: a token in base64 and its rank on every line.
func ranks(t *testing.T, path string) map[string]int32 {
	t.Helper()
	f := must[*os.File](t)(os.Open(path))
	defer f.Close()
	out := map[string]int32{}
	for in := bufio.NewScanner(f); in.Scan(); {
		token, rank, _ := strings.Cut(in.Text(), " ")
		raw := must[[]byte](t)(base64.StdEncoding.DecodeString(token))
		out[string(raw)] = int32(must[int](t)(strconv.Atoi(rank)))
	}
	return out
}

// byRank merges the neighbours that make the token of the lowest rank until none do: the definition, and slow.
func byRank(ranks map[string]int32, piece string) (ids []int32) {
	var parts []string
	for i := range len(piece) {
		parts = append(parts, piece[i:i+1])
	}
	for {
		best, at := int32(-1), -1
		for i := range len(parts) - 1 {
			if r, ok := ranks[parts[i]+parts[i+1]]; ok && (at < 0 || r < best) {
				best, at = r, i
			}
		}
		if at < 0 {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	for _, p := range parts {
		ids = append(ids, ranks[p])
	}
	return ids
}

// TestSplitPatterns compares the pieces of the GPT-4 patterns with tiktoken's ids: a piece cut elsewhere has other ids.
func TestSplitPatterns(t *testing.T) {
	for _, name := range []string{"cl100k", "o200k"} {
		var meta struct {
			Pattern string `json:"pat_str"`
		}
		data := must[[]byte](t)(os.ReadFile(shared(t, "tokenizers", "parity", name+"_base.meta.json")))
		if err := json.Unmarshal(data, &meta); err != nil {
			t.Fatal(err)
		}
		split := tokenize.Split{Pattern: meta.Pattern, Regex: true}
		table := ranks(t, shared(t, "tokenizers", "parity", name+"_base.tiktoken"))
		cached := map[string][]int32{}
		for _, r := range references(t, "tokenizers", "parity", name+".jsonl") {
			var got []int32
			for _, p := range split.Split(nil, tokenize.NewText(r.Text)) {
				if _, ok := cached[p.String()]; !ok {
					cached[p.String()] = byRank(table, p.String())
				}
				got = append(got, cached[p.String()]...)
			}
			if !slices.Equal(got, r.IDs) {
				t.Errorf("%s: %s: %.200q: got %v, want %v", name, r.Tag, r.Text, got, r.IDs)
			}
		}
	}
}
