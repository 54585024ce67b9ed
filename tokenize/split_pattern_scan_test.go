package tokenize_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// publishedPatterns returns split patterns of published models, by model.
func publishedPatterns(t testing.TB) (patterns map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash("internal/onig/testdata/patterns.json"))
	if err == nil {
		err = json.Unmarshal(data, &patterns)
	}
	if err != nil {
		t.Fatal(err)
	}
	return patterns
}

func joinRandom(r *rand.Rand, alphabet []string, most int) string {
	var b strings.Builder
	for range r.IntN(most) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func scannerTexts() (list []string) {
	for _, c := range scannerAlphabet {
		list = append(list, string(c))
	}
	return append(list, "Ab", "AB", "ab", "  ", "12", "\xff", "\xe2\x82", "漢字", "ー", "。", "/", "'LL")
}

// slowPatterns take exponential or square time on some text by an engine that backtracks without memory.
var slowPatterns = []string{
	`(a+)+$`, `(a*)*$`, `(a|a)*$`, `(a|aa)+$`, `(.*a){20}$`, `(?:a?){40}a{40}b`, `(\w+\s?)*$`, `a*a*a*a*a*b`, `(?=(a+)+$)b`, `(?:(?!.*(a+)+b)a)*c`, `(?<=(a|aa))+b`,
	`([a-zA-Z]+)*$`, `^(([a-z])+.)+[A-Z]([a-z])+$`, `(?>(a+)+)b`, `(a++)+b`, `(?i:(a|A)+)+$`, `\s*\s*\s*x`,
}

// TestSlowPatterns encodes with patterns that would not end: there are ids soon, or an error that names the pattern and the
// place. The test would not end otherwise.
func TestSlowPatterns(t *testing.T) {
	t.Parallel()
	text, patterns, length := strings.Repeat("a", 40)+"!", slowPatterns[:1], 1<<15 // other patterns take seconds until their time is up
	if sweep.All() {
		text, patterns, length = strings.Repeat("a", 1000)+"!"+strings.Repeat(" ", 1000)+"!", slowPatterns, 1<<17
	}
	model := tokentest.BPE(t).Stages().Model
	bounded := func(pattern string, err error) bool {
		t.Helper()
		if err != nil {
			tokentest.WantError(t, err, fmt.Sprintf("pattern %q", pattern), "byte")
		}
		return err == nil // one error is enough: it comes after a second
	}
	for i, pattern := range patterns {
		split := tokenize.Split{Pattern: pattern, Regex: true, Behavior: []tokenize.Behavior{tokenize.Isolated, tokenize.MergedWithNext}[i%2]}
		tok, err := tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{split, tokenize.ByteLevel{}}, Model: model})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = tok.Encode(text); !bounded(pattern, err) {
			continue
		}
		_, err = tok.EncodeDetailed(text)
		bounded(pattern, err)
		replace := tokenize.Replace{Pattern: pattern, Regex: true, Content: "b"}
		tok, err = tokenize.New(tokenize.Stages{Normalizer: tokenize.Normalizers{replace}, Splitter: tokenize.ByteLevel{}, Model: model, Decoder: tokenize.Decoders{tokenize.ByteLevel{}, replace}})
		bounded(pattern, err)
		ids, err := tok.Encode(text)
		bounded(pattern, err)
		_, err = tok.Decode(ids)
		bounded(pattern, err)
		_, err = trainer.BPE{Normalizer: replace}.Train(strings.Lines(text))
		bounded(pattern, err)
	}
	long := strings.Repeat("a", length) + "!" + strings.Repeat(" ", length) + "!"
	for _, pattern := range []string{`a++b`, `a+b`, `a*b|a`, `(a+)+$`, `(a++)+b`, `(?>a{3,})b`, `\s*[\r\n]+`, `\s{2,}+x|(?:\s|\s\s)+x`} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{tokenize.Split{Pattern: pattern, Regex: true}, tokenize.ByteLevel{}}, Model: model}))
		if text := tokentest.Must[string](t)(tok.Decode(tokentest.Must[[]int32](t)(tok.Encode(long)))); text != long {
			t.Errorf("%s: a long text does not come back", pattern)
		}
	}
	backtracks := tokenize.Split{Pattern: `(a+)+\1$`, Regex: true}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{backtracks, tokenize.ByteLevel{}}, Model: model}))
	if !sweep.All() {
		return
	}
	_, err := tok.Encode("xx" + strings.Repeat("a", 60) + "!")
	tokentest.WantError(t, err, `(a+)+\\1$`, "byte 0", "nested repeats")
}

// TestPatternScanners compares ids where several patterns cut each other's pieces with those of the stages one by one.
func TestPatternScanners(t *testing.T) {
	model, patterns := tokentest.BPE(t).Stages().Model, publishedPatterns(t)
	r := rand.New(rand.NewPCG(41, 42))
	alphabet := scannerTexts()
	split := func(name string) tokenize.Split {
		return tokenize.Split{Pattern: patterns[name], Regex: true, Behavior: tokenize.Isolated}
	}
	end := tokenize.ByteLevel{NoPattern: true}
	for i, s := range []tokenize.Splitters{
		{split("deepseek.1"), split("deepseek.2"), split("deepseek3"), end}, {split("tekken"), end}, {split("kimi"), end}, {split("cl100k"), end}, {split("words"), end},
		{split("deepseek2."), split("deepseek2"), tokenize.Digits{Individual: true}, end}, {split("superbpe"), split("three"), end},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: s, Model: model}))
		for range 600 {
			text := joinRandom(r, alphabet, 20)
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, e.IDs) {
				t.Fatalf("splitter %d: %q: got %v, want %v", i, text, got, e.IDs)
			}
		}
	}
}
