package tokenize_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"golang.org/x/text/unicode/rangetable"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// splitPatterns are the patterns with a scanner of their own.
func splitPatterns(t testing.TB) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, name := range []string{"gpt2", "cl100k_base", "o200k_base"} {
		c, ok := tokenize.TiktokenNamed(name)
		if !ok {
			t.Fatalf("%s is not known", name)
		}
		list[name] = c.Pattern
	}
	list["qwen2"] = strings.Replace(list["cl100k_base"], `\p{N}{1,3}`, `\p{N}`, 1)
	list["clip"] = `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
	return list
}

// byRegexp cuts text by a backtracking engine.
func byRegexp(t testing.TB, re *regexp2.Regexp, text string) (pieces []string) {
	t.Helper()
	m, err := re.FindStringMatch(text)
	for ; m != nil && err == nil; m, err = re.FindNextMatch(m) {
		pieces = append(pieces, m.String())
	}
	if err != nil {
		t.Fatal(err)
	}
	return pieces
}

var assigned = rangetable.Assigned("15.0.0")

// engineKnows tells whether the engine reads r as the reference implementations do: its tables are those of this Go, it does
// not fold U+017F to s, and bytes that are no characters are U+FFFD to it.
func engineKnows(r rune) bool {
	return r != 'ſ' && r != utf8.RuneError && unicode.Is(assigned, r)
}

func checkScanner(t *testing.T, name, pattern string, re *regexp2.Regexp, text string) {
	t.Helper()
	split := tokenize.Split{Pattern: pattern, Regex: true, Behavior: tokenize.Removed, Invert: true}
	var got []string
	for _, p := range split.Split(nil, tokenize.NewText(text)) {
		got = append(got, p.String())
	}
	if want := byRegexp(t, re, text); strings.Join(got, "\x00|") != strings.Join(want, "\x00|") {
		t.Fatalf("%s: %q: got %q, want %q", name, text, got, want)
	}
}

// scannerAlphabet has characters of every class that the patterns ask for.
var scannerAlphabet = []rune("aZsSdDmMtTllvVeErR''''1٣Ⅷ½  \t\n\r\n\r\u00a0\u3000\u0085\u2028\u200b\ufeff\u001c!/.,-_é\u0301\u0903ʰªǅß中한한ガ👍🏽€")

func TestScannersAgainstEngine(t *testing.T) {
	for name, pattern := range splitPatterns(t) {
		re := regexp2.MustCompile(pattern, regexp2.None)
		r := rand.New(rand.NewPCG(1, 2))
		for range 5000 {
			var b strings.Builder
			for range r.IntN(12) {
				b.WriteRune(scannerAlphabet[r.IntN(len(scannerAlphabet))])
			}
			if r.IntN(8) == 0 {
				b.WriteString("<|startoftext|>'s!<|endoftext|>!")
			}
			checkScanner(t, name, pattern, re, b.String())
		}
	}
}

// TestStackedScanners compares ids from scanners that cut each other's pieces with those of the stages one by one.
func TestStackedScanners(t *testing.T) {
	alphabet, texts := append([]rune("12345²³¼٣!?<|>"), scannerAlphabet...), 3000
	if !sweep.All() {
		texts = 1000
	}
	for _, name := range []string{"falcon", "clip"} {
		tok := published(t, name)
		tok.Special = tokenize.AsText
		r := rand.New(rand.NewPCG(3, 4))
		for range texts {
			var b strings.Builder
			for range r.IntN(16) {
				b.WriteRune(alphabet[r.IntN(len(alphabet))])
			}
			text := b.String() + []string{"", "", "<|startoftext|>!", "\xff1"}[r.IntN(4)]
			e, err := tok.EncodeDetailed(text)
			got, again := tok.Encode(text)
			if (err == nil) != (again == nil) {
				t.Fatalf("%s: %q: got the error %v, want %v", name, text, again, err)
			}
			if err == nil {
				same(t, text, name, got, e.IDs)
			}
		}
	}
}

// TestLiteralScanner compares ids where a text is a piece by itself, before and behind the spelling of bytes and among others, with
// those of the stages one by one.
func TestLiteralScanner(t *testing.T) {
	model := tokentest.BPE(t).Stages().Model
	newline, space := tokenize.Split{Pattern: "\n", Behavior: tokenize.Isolated}, tokenize.Split{Pattern: "Ġ", Behavior: tokenize.Isolated}
	for i, s := range []tokenize.Splitters{
		{newline, tokenize.ByteLevel{}}, {tokenize.ByteLevel{}, space}, {newline, tokenize.Split{Pattern: "a", Behavior: tokenize.Isolated}, tokenize.ByteLevel{NoPattern: true}},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: s, Model: model, Decoder: tokenize.ByteLevel{}}))
		r := rand.New(rand.NewPCG(7, 8))
		for range 2000 {
			var b strings.Builder
			for range r.IntN(20) {
				b.WriteRune([]rune("ab \nĠé한")[r.IntN(7)])
			}
			text := b.String()
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, e.IDs) {
				t.Fatalf("splitter %d: %q: got %v, want %v", i, text, got, e.IDs)
			}
		}
	}
}

// TestShortPatterns compares patterns of single characters with the engine.
func TestShortPatterns(t *testing.T) {
	spaces := regexp2.MustCompile(`\s+`, regexp2.None)
	three := regexp2.MustCompile(`[0-9]{3}|(?:(?![0-9]{3})[\s\S])+`, regexp2.None)
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteRune(scannerAlphabet[r.IntN(len(scannerAlphabet))])
			b.WriteString([]string{"", "1", " ", "23"}[r.IntN(4)])
		}
		text := b.String()
		got := tokenize.Replace{Pattern: `\s+`, Regex: true, Content: "_"}.Normalize(tokenize.NewText(text)).String()
		if want := tokentest.Must[string](t)(spaces.Replace(text, "_", -1, -1)); got != want {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
		var pieces []string
		for _, p := range (tokenize.Split{Pattern: `[0-9][0-9][0-9]`, Regex: true}).Split(nil, tokenize.NewText(text)) {
			pieces = append(pieces, p.String())
		}
		same(t, text, "threes", pieces, byRegexp(t, three, text))
	}
}

func FuzzScanners(f *testing.F) {
	for _, text := range tokentest.Texts {
		f.Add(text)
	}
	patterns, engines := splitPatterns(f), map[string]*regexp2.Regexp{}
	for name, pattern := range patterns {
		engines[name] = regexp2.MustCompile(pattern, regexp2.None)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range text {
			if !engineKnows(r) {
				t.Skip()
			}
		}
		for name, pattern := range patterns {
			checkScanner(t, name, pattern, engines[name], text)
		}
	})
}
