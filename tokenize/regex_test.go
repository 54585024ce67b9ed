package tokenize_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// publishedPatterns are split patterns of published models, by model.
var publishedPatterns = map[string]string{
	"gpt2":       `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
	"llama3":     `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"cl100k":     `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s`,
	"o200k":      `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"tekken":     `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"kimi":       `[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"deepseek3":  `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` + "`" + `{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"deepseek.1": `\p{N}{1,3}`,
	"deepseek.2": `[一-龥぀-ゟ゠-ヿ]+`,
	"deepseek2":  `\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-Ֆ]+`,
	"deepseek2.": `\s?[!-/:-~！-／：-～‘-‟　-。]+`,
	"qwen2":      `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"qwen3.5":    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
	"bloom":      ` ?[^(\s|[.,!?…。，、।۔،])]+`,
	"olmo":       `(?=(\d{3})+(?!\d))`,
	"superbpe":   `\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))|\p{L}+`,
	"clip":       `<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
	"words":      `\n|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]`,
	"three":      `[0-9][0-9][0-9]`,
}

// oddPatterns have the constructs of regular expressions in many orders.
var oddPatterns = []string{
	`a*`, `a+?`, `a*?b`, `a{2,3}?`, `(?:ab|a)(?:c|bcd)`, `(a|ab)(c|bcd)(d*)`, `a{2}b{0,2}`, `(?>a+)a`, `(?>a|ab)c`, `(?>a{2,})b?`, `(?>a{0,2})a`, `a++b?`, `(?:a|b)*c`,
	`(?:a+b?)+c`, `^a`, `a$`, `\Aa|b\z`, `\bab\b`, `\Ba`, `(?<=a)b`, `(?<!a)b+`, `(?<=ab|c)d`, `(?<!ab|c)d`, `(?=ab)a`, `(?!ab)a`, `(?!\s*b)a`,
	`[^a]`, `.`, `(?m:.)+`, `a.b`, `\s+$`, `(?i:AB)+`, `a|b|`, `|a`, `(?:a{1,2}){2,3}`, `(?:ab?){2}`, `(a+)+b`, `(a|a)*b`, `(?:a|b|ab)+?c`, `\R`, `a?b?c?`,
	`(?:a(?=b)|ab)c`, `(?:(?!c)[\s\S])+`, `\w+|[^\w\s]+`, `\d+(?:[.,]\d+)*`, `(?<=\d)(?=(?:\d{3})+\b)`, `x{0}a`, `a(?:)b`, `(?:)a*`, `[a-c&&[^b]]+`,
	`(?:a?b)*c`, `(?:(?:a|b)+c?)+`, `a*a*a*b`, `(?:\s*\n)+`, `( ?a)+`, `(?:a|b(?>c+)d)*`,
}

// oddAlphabet has the characters of oddPatterns, wide characters, and bytes that are none.
var oddAlphabet = []string{"a", "a", "b", "b", "c", "d", "ab", "1", "2", "345", " ", "\n", "\r\n", ".", ",", "x", "A", "é", "한", "\u0301", "👍", "\xff", "\xe2\x82", "_"}

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

func checkMatches(t *testing.T, pattern, text string, slow bool) (known bool) {
	t.Helper()
	got, want, known, err := tokenize.MatchBoth(pattern, text, slow)
	if err != nil {
		t.Fatalf("%s: %q: %v", pattern, text, err)
	}
	if known && !slices.Equal(got, want) {
		t.Fatalf("%s: %q: slow %t: got %v, want %v", pattern, text, slow, got, want)
	}
	return known
}

// TestPrograms compares the matches of programs with those of the engine that backtracks.
func TestPrograms(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	rounds := 800
	if testing.Short() {
		rounds = 100
	}
	alphabet := scannerTexts()
	for name, pattern := range publishedPatterns {
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
	for _, pattern := range publishedPatterns {
		f.Add(pattern, "It's 12345 漢字\r\n\n  x")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 64 || len(text) > 24 {
			t.Skip() // the engine takes too long
		}
		for _, slow := range []bool{false, true} {
			got, want, known, err := tokenize.MatchBoth(pattern, text, slow)
			if err == nil && known && !slices.Equal(got, want) {
				t.Fatalf("%s: %q: slow %t: got %v, want %v", pattern, text, slow, got, want)
			}
		}
	})
}

// slowPatterns take exponential or square time on some text by an engine that backtracks without memory.
var slowPatterns = []string{
	`(a+)+$`, `(a*)*$`, `(a|a)*$`, `(a|aa)+$`, `(.*)*x`, `(.*a){20}$`, `(?:a?){40}a{40}b`, `(\w+\s?)*$`, `a*a*a*a*a*b`, `(?=(a+)+$)b`, `(?:(?!.*(a+)+b)a)*c`, `(?<=(a|aa))+b`, `(a+)+\1$`,
	`([a-zA-Z]+)*$`, `^(([a-z])+.)+[A-Z]([a-z])+$`, `(?>(a+)+)b`, `(a++)+b`, `(?i:(a|A)+)+$`, `\s*\s*\s*x`,
}

// TestSlowPatterns encodes with patterns that would not end: there are ids soon, or an error that names the pattern and the
// place. The test would not end otherwise.
func TestSlowPatterns(t *testing.T) {
	text := strings.Repeat("a", 40) + "!"
	if !testing.Short() {
		text = strings.Repeat("a", 1000) + "!" + strings.Repeat(" ", 1000) + "!"
	}
	model := trainBPE(t).Stages().Model
	bounded := func(pattern string, err error) bool {
		t.Helper()
		if err != nil {
			wantError(t, err, fmt.Sprintf("pattern %q", pattern), "byte")
		}
		return err == nil // one error is enough: it comes after a second
	}
	for i, pattern := range slowPatterns {
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
		_, err = tokenize.BPETrainer{Normalizer: replace}.Train(lines(text))
		bounded(pattern, err)
	}
	long := strings.Repeat("a", 1<<17) + "!" + strings.Repeat(" ", 1<<17) + "!"
	for _, pattern := range []string{`a++b`, `a+b`, `a*b|a`, `(a+)+$`, `(a++)+b`, `(?>a{3,})b`, `\s*[\r\n]+`, `\s{2,}+x|(?:\s|\s\s)+x`} {
		tok := must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{tokenize.Split{Pattern: pattern, Regex: true}, tokenize.ByteLevel{}}, Model: model}))
		if text := must[string](t)(tok.Decode(must[[]int32](t)(tok.Encode(long)))); text != long {
			t.Errorf("%s: a long text does not come back", pattern)
		}
	}
	backtracks := tokenize.Split{Pattern: `(a+)+\1$`, Regex: true}
	tok := must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{backtracks, tokenize.ByteLevel{}}, Model: model}))
	if testing.Short() {
		return
	}
	_, err := tok.Encode("xx" + strings.Repeat("a", 60) + "!")
	wantError(t, err, `(a+)+\\1$`, "byte 0", "nested repeats")
}

// TestPatternScanners compares ids where several patterns cut each other's pieces with those of the stages one by one.
func TestPatternScanners(t *testing.T) {
	model := trainBPE(t).Stages().Model
	r := rand.New(rand.NewPCG(41, 42))
	alphabet := scannerTexts()
	split := func(name string) tokenize.Split {
		return tokenize.Split{Pattern: publishedPatterns[name], Regex: true, Behavior: tokenize.Isolated}
	}
	end := tokenize.ByteLevel{NoPattern: true}
	for i, s := range []tokenize.Splitters{
		{split("deepseek.1"), split("deepseek.2"), split("deepseek3"), end}, {split("tekken"), end}, {split("kimi"), end}, {split("cl100k"), end}, {split("words"), end},
		{split("deepseek2."), split("deepseek2"), tokenize.Digits{Individual: true}, end}, {split("superbpe"), split("three"), end},
	} {
		tok := must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: s, Model: model}))
		for range 600 {
			text := joinRandom(r, alphabet, 20)
			e := must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			if got := must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, e.IDs) {
				t.Fatalf("splitter %d: %q: got %v, want %v", i, text, got, e.IDs)
			}
		}
	}
}
