package tokenize_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// ranks reads a .tiktoken file: a token in base64 and its rank on every line.
func ranks(t *testing.T, path string) map[string]int32 {
	t.Helper()
	f := tokentest.Must[*os.File](t)(os.Open(path))
	defer f.Close()
	out := map[string]int32{}
	for in := bufio.NewScanner(f); in.Scan(); {
		token, rank, _ := strings.Cut(in.Text(), " ")
		raw := tokentest.Must[[]byte](t)(base64.StdEncoding.DecodeString(token))
		out[string(raw)] = int32(tokentest.Must[int](t)(strconv.Atoi(rank)))
	}
	return out
}

// byRank merges the neighbours that make the token of the lowest rank until none do. It follows the definition and is
// slow.
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

// TestSplitPatterns compares the pieces of the GPT-4 patterns with tiktoken's ids: a different piece gives different ids.
func TestSplitPatterns(t *testing.T) {
	for _, name := range []string{"cl100k", "o200k"} {
		var meta struct {
			Pattern string `json:"pat_str"`
		}
		data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "parity", name+"_base.meta.json")))
		if err := json.Unmarshal(data, &meta); err != nil {
			t.Fatal(err)
		}
		split := tokenize.Split{Pattern: meta.Pattern, Regex: true}
		table := ranks(t, tokentest.Shared(t, "tokenizers", "parity", name+"_base.tiktoken"))
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

// tiktoken returns one of the encodings of OpenAI.
func tiktoken(t testing.TB, name string) *tokenize.Tokenizer {
	t.Helper()
	return published(t, "parity", name+".tiktoken")
}

// TestTiktokenParity compares ids with tiktoken's, with special tokens as text and with special tokens allowed.
func TestTiktokenParity(t *testing.T) {
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		tok := tiktoken(t, name)
		file := strings.TrimSuffix(name, "_base")
		for suffix, policy := range map[string]tokenize.Policy{".jsonl": tokenize.AsText, ".special.jsonl": tokenize.Allow} {
			tok := *tok
			tok.Special = policy
			for i, r := range references(t, "tokenizers", "parity", file+suffix) {
				checkIDs(t, &tok, r)
				if t.Failed() {
					t.Fatalf("%s: case %d (%s)", file+suffix, i, r.Tag)
				}
			}
		}
	}
}

// TestTiktokenNames compares TiktokenNamed with tiktoken's own encodings.
func TestTiktokenNames(t *testing.T) {
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		var want struct {
			Pattern string `json:"pat_str"`
			Special map[string]int32
		}
		data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "parity", name+".meta.json")))
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		got, _ := tokenize.TiktokenNamed(name)
		if got.Pattern != want.Pattern || !maps.Equal(got.Special, want.Special) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	llama, _ := tokenize.TiktokenNamed("llama3")
	for token, want := range map[string]int32{"<|begin_of_text|>": 128000, "<|reserved_special_token_3|>": 128005,
		"<|eot_id|>": 128009, "<|reserved_special_token_5|>": 128010, "<|reserved_special_token_250|>": 128255} {
		if llama.Special[token] != want || len(llama.Special) != 256 {
			t.Errorf("llama3: %s: got %d of %d, want %d of 256", token, llama.Special[token], len(llama.Special), want)
		}
	}
}

const fileRanks = "YQ== 0\nYg== 1\nYWI= 2\r\n\nYmE= 4\n" // a, b, ab, ba; no rank 3

func TestTiktokenFiles(t *testing.T) {
	c := tokenize.Tiktoken{Pattern: gpt2Pattern(t), Special: map[string]int32{"<s>": 3, "<e>": 5}}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseTiktoken([]byte(fileRanks), c))
	if got := tokentest.Must[[]int32](t)(tok.Encode("bab<s>aba<e>")); !slices.Equal(got, []int32{1, 2, 3, 2, 0, 5}) {
		t.Errorf("got %v, want [1 2 3 2 0 5]", got)
	}
	if got := tok.VocabSize(); got != 6 {
		t.Errorf("size: got %d, want 6", got)
	}
	path := filepath.Join(t.TempDir(), "x.tiktoken")
	if err := tok.SaveTiktoken(path); err != nil {
		t.Fatal(err)
	}
	if got := tokentest.Must[[]byte](t)(os.ReadFile(path)); string(got) != "YQ== 0\nYg== 1\nYWI= 2\nYmE= 4\n" {
		t.Errorf("saved: got %q", got)
	}
	_, err := tokenize.Load(path)
	tokentest.WantError(t, err, path, `"x"`, "LoadTiktoken")
	tokentest.WantError(t, tokentest.BPE(t).SaveTiktoken(path), "save", path, "use Save")
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(tokentest.Must[[]byte](t)(tok.MarshalJSON())))
	for _, text := range []string{"", "ab", "aba", "bab<s>abba<e>"} {
		if got, want := tokentest.Must[[]int32](t)(again.Encode(text)), tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, want) {
			t.Errorf("%q from tokenizer.json: got %v, want %v", text, got, want)
		}
	}
}

func TestTiktokenErrors(t *testing.T) {
	for _, c := range []struct {
		file string
		want []string
	}{
		{"YQ== 0\nYg==\n", []string{"line 2", "base64", "rank"}},
		{"YQ== 0\nYg== -1\n", []string{"line 2", "rank"}},
		{"YQ== 2000000000\n", []string{"line 1", "rank below"}},
		{"YQ== 0\nY*== 1\n", []string{"line 2", "base64"}},
		{" 0\n", []string{"line 1", "base64"}},
		{"YQ== 0\nYg== 0\n", []string{"line 2", "rank 0", "twice"}},
		{"YQ== 0\nYQ== 1\n", []string{`"a"`, "0", "1"}},
	} {
		_, err := tokenize.ParseTiktoken([]byte(c.file), tokenize.Tiktoken{})
		tokentest.WantError(t, err, c.want...)
	}
}

func TestForbiddenSpecial(t *testing.T) {
	tok := *tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseTiktoken([]byte(fileRanks), tokenize.Tiktoken{
		Pattern: gpt2Pattern(t), Special: map[string]int32{"<s>": 3}}))
	tok.Special = tokenize.Forbid
	_, err := tok.Encode("ab<s>")
	tokentest.WantError(t, err, "byte 2", `"<s>"`, "forbidden")
	tok.Special = tokenize.AsText
	_, err = tok.Encode("ab<s>")
	tokentest.WantError(t, err, "byte 2", "0x3c")
}

// gpt2Pattern is the pattern of GPT-2.
func gpt2Pattern(t testing.TB) string {
	c, ok := tokenize.TiktokenNamed("gpt2")
	if !ok {
		t.Fatal("gpt2 is not known")
	}
	return c.Pattern
}

func FuzzParseTiktoken(f *testing.F) {
	f.Add([]byte(fileRanks))
	c := tokenize.Tiktoken{Pattern: gpt2Pattern(f)}
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := tokenize.ParseTiktoken(data, c)
		if err != nil {
			return
		}
		useLoaded(t, tok)
		path := filepath.Join(t.TempDir(), "gpt2.tiktoken")
		if err := tok.SaveTiktoken(path); err != nil {
			t.Fatal(err)
		}
		tokentest.Must[*tokenize.Tokenizer](t)(tokenize.LoadTiktoken(path, c))
	})
}
