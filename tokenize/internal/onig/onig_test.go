package onig_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/onig"
)

// publishedPatterns returns split patterns of published models, by model.
func publishedPatterns(t testing.TB) (patterns map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash("testdata/patterns.json"))
	if err == nil {
		err = json.Unmarshal(data, &patterns)
	}
	if err != nil {
		t.Fatal(err)
	}
	return patterns
}

// oddPatterns combine the constructs of regular expressions in many orders.
var oddPatterns = []string{
	`a*`, `a+?`, `a*?b`, `a{2,3}?`, `(?:ab|a)(?:c|bcd)`, `(a|ab)(c|bcd)(d*)`, `a{2}b{0,2}`, `(?>a+)a`, `(?>a|ab)c`, `(?>a{2,})b?`, `(?>a{0,2})a`, `a++b?`, `(?:a|b)*c`,
	`(?:a+b?)+c`, `^a`, `a$`, `\Aa|b\z`, `\bab\b`, `\Ba`, `(?<=a)b`, `(?<!a)b+`, `(?<=ab|c)d`, `(?<!ab|c)d`, `(?=ab)a`, `(?!ab)a`, `(?!\s*b)a`,
	`[^a]`, `.`, `(?m:.)+`, `a.b`, `\s+$`, `(?i:AB)+`, `a|b|`, `|a`, `(?:a{1,2}){2,3}`, `(?:ab?){2}`, `(a+)+b`, `(a|a)*b`, `(?:a|b|ab)+?c`, `\R`, `a?b?c?`,
	`(?:a(?=b)|ab)c`, `(?:(?!c)[\s\S])+`, `\w+|[^\w\s]+`, `\d+(?:[.,]\d+)*`, `(?<=\d)(?=(?:\d{3})+\b)`, `x{0}a`, `a(?:)b`, `(?:)a*`, `[a-c&&[^b]]+`,
	`(?:a?b)*c`, `(?:(?:a|b)+c?)+`, `a*a*a*b`, `(?:\s*\n)+`, `( ?a)+`, `(?:a|b(?>c+)d)*`,
}

// oddAlphabet holds the characters of oddPatterns, wide characters, and bytes that are not part of a character.
var oddAlphabet = []string{"a", "a", "b", "b", "c", "d", "ab", "1", "2", "345", " ", "\n", "\r\n", ".", ",", "x", "A", "é", "한", "\u0301", "👍", "\xff", "\xe2\x82", "_"}

func joinRandom(r *rand.Rand, alphabet []string, most int) string {
	var b strings.Builder
	for range r.IntN(most) {
		b.WriteString(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func checkMatches(t *testing.T, pattern, text string, slow bool) (known bool) {
	t.Helper()
	got, want, known, err := onig.MatchBoth(pattern, text, slow)
	if err != nil {
		t.Fatalf("%s: %q: %v", pattern, text, err)
	}
	if known && !slices.Equal(got, want) {
		t.Fatalf("%s: %q: slow %t: got %v, want %v", pattern, text, slow, got, want)
	}
	return known
}

// TestPrograms compares the matches of programs with those of the backtracking engine.
func TestPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	rounds := 800
	if !sweep.All() {
		rounds = 100
	}
	alphabet := slices.Concat(strings.Split("aZsSdDmMtTllvVeErR''''1٣Ⅷ½  \t\n\r\n\r\u00a0\u3000\u0085\u2028\u200b\ufeff\u001c!/.,-_é\u0301\u0903ʰªǅß中한한ガ👍🏽€", ""),
		[]string{"Ab", "AB", "ab", "  ", "12", "\xff", "\xe2\x82", "漢字", "ー", "。", "/", "'LL"})
	for name, pattern := range publishedPatterns(t) {
		for i := range rounds {
			if !checkMatches(t, pattern, joinRandom(r, alphabet, 16), i%4 == 0) && name != "bloom" {
				t.Fatalf("%s: no program", name)
			}
		}
	}
	for _, pattern := range oddPatterns {
		for i := range rounds / 2 {
			if !checkMatches(t, pattern, joinRandom(r, oddAlphabet, 14), i%2 == 0) {
				t.Logf("%s: no program", pattern)
				break
			}
		}
	}
}

func FuzzPrograms(f *testing.F) {
	for _, pattern := range oddPatterns {
		f.Add(pattern, "ab cab\r\n12a")
	}
	for _, pattern := range publishedPatterns(f) {
		f.Add(pattern, "It's 12345 漢字\r\n\n  x")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 64 || len(text) > 24 {
			t.Skip() // the engine takes too long
		}
		for _, slow := range []bool{false, true} {
			got, want, known, err := onig.MatchBoth(pattern, text, slow)
			if err == nil && known && !slices.Equal(got, want) {
				t.Fatalf("%s: %q: slow %t: got %v, want %v", pattern, text, slow, got, want)
			}
		}
	})
}
