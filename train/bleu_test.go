package train_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
)

// dogs are the outputs and the references in sacrebleu's README.
var (
	dogs    = []string{"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."}
	dogRefs = [][]string{
		{"The dog bit the man.", "The dog had bit the man."}, {"It was not unexpected.", "No one was surprised."}, {"The man bit him first.", "The man had bitten the dog."},
	}
)

// sugar is the pair in sacrebleu's issue 98.
const (
	sugar    = "Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;"
	sugarRef = "producţia de zahăr brut se exprimă în zahăr alb;"
)

// TestBLEU compares with the values in sacrebleu's own tests, test_bleu.py and test_sentence_bleu.py of version 2.6.0.
func TestBLEU(t *testing.T) {
	one := func(b train.BLEU) train.BLEU {
		b.EffectiveOrder = true
		return b
	}
	for _, c := range []struct {
		train.BLEU
		outputs    []string
		references [][]string
		want       float64
		within     float64 // half of the last digit of the published value
	}{
		{train.BLEU{}, dogs, dogRefs, 48.530827, 5e-7},
		{train.BLEU{}, []string{"", "", ""}, dogRefs, 0, 0},
		{train.BLEU{Tokens: train.TokensNone}, dogs, dogRefs, 49.1919566, 5e-8},
		{train.BLEU{Tokens: train.TokensIntl}, dogs, dogRefs, 43.91623493, 5e-9},
		{train.BLEU{Smoothing: train.SmoothNone}, dogs, dogRefs, 48.530827, 5e-7},
		{train.BLEU{Order: 1}, dogs, dogRefs, 77.65, 5e-3},
		{train.BLEU{Order: 6}, dogs, dogRefs, 43.28, 5e-3},
		{one(train.BLEU{}), []string{sugar}, [][]string{{sugarRef}}, 8.493, 1e-3},
		{one(train.BLEU{Smoothing: train.SmoothNone}), []string{sugar}, [][]string{{sugarRef}}, 0, 0},
		{one(train.BLEU{Smoothing: train.SmoothFloor}), []string{sugar}, [][]string{{sugarRef}}, 4.51688, 1e-5},
		{one(train.BLEU{Smoothing: train.SmoothFloor, SmoothingValue: 0.5}), []string{sugar}, [][]string{{sugarRef}}, 10.10, 1e-2},
		{one(train.BLEU{Smoothing: train.SmoothAddK}), []string{sugar}, [][]string{{sugarRef}}, 14.882, 1e-3},
		{one(train.BLEU{Smoothing: train.SmoothAddK, SmoothingValue: 2}), []string{sugar}, [][]string{{sugarRef}}, 21.389, 1e-3},
		{one(train.BLEU{Tokens: train.TokensChar}), []string{sugar}, [][]string{{sugarRef}}, 40.8759, 1e-4},
		{one(train.BLEU{Tokens: train.TokensChar, Lower: true}), []string{sugar}, [][]string{{sugarRef}}, 42.0267, 1e-4},
		{one(train.BLEU{Smoothing: train.SmoothAddK}), []string{"this is a cat"}, [][]string{{"okay thanks"}}, 0, 0},
	} {
		got, err := c.Score(c.outputs, c.references)
		if err != nil || !(math.Abs(got.Score-c.want) <= c.within) {
			t.Errorf("%+v of %q: got %v (%v), want %v", c.BLEU, c.outputs, got.Score, err, c.want)
		}
	}
}

// TestBLEUByHand: 5 of 6 words match, 3 of 5 pairs, 1 of 4 triples and none of 3 quadruples, whose exponential smoothing counts 1/2. The
// reference has 7 words.
func TestBLEUByHand(t *testing.T) {
	got, err := train.BLEU{Tokens: train.TokensNone}.Score([]string{"a b c x d e"}, [][]string{{"a b c d e f g"}})
	if err != nil {
		t.Fatal(err)
	}
	want := 100 * math.Exp(1-7.0/6) * math.Pow(5.0/6*3.0/5*1.0/4*0.5/3, 0.25)
	if math.Abs(got.Score-want) > 1e-12 || !slices.Equal(got.Matches, []int{5, 3, 1, 0}) || !slices.Equal(got.Totals, []int{6, 5, 4, 3}) {
		t.Errorf("got %+v, want a score of %v", got, want)
	}
	const line = "BLEU|nrefs:1|case:mixed|eff:no|tok:none|smooth:exp = 32.16 83.3/60.0/25.0/16.7 (BP = 0.846 ratio = 0.857 hyp_len = 6 ref_len = 7)"
	if got.String() != line {
		t.Errorf("got %q, want %q", got, line)
	}
}

// TestSacreBLEU compares with results of sacrebleu 2.6.0 for texts with Unicode spaces, punctuation, digits and letters at random places.
func TestSacreBLEU(t *testing.T) {
	text, err := os.ReadFile("testdata/bleu.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Outputs                  []string
		References               [][]string
		Tokens                   train.BLEUTokens
		Smoothing                string
		Value, BLEU, Beta, ChrF  float64
		Lower, Effective, Spaces bool
		Order, Characters, Words int
		First                    []string // tokens of the first output
		Line, ChrFLine           string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	smoothings := []train.BLEUSmoothing{train.SmoothExp, train.SmoothFloor, train.SmoothAddK, train.SmoothNone}
	for i, c := range cases {
		b := train.BLEU{Tokens: c.Tokens, Lower: c.Lower, SmoothingValue: c.Value, EffectiveOrder: c.Effective, Order: c.Order}
		for _, s := range smoothings {
			if s.String() == c.Smoothing {
				b.Smoothing = s
			}
		}
		got, err := b.Score(c.Outputs, c.References)
		if err != nil || math.Abs(got.Score-c.BLEU) > 1e-9 || got.String() != c.Line {
			t.Errorf("%d: got %s (%v), want %s", i, got, err, c.Line)
		}
		f, err := train.ChrF{Characters: c.Characters, Words: c.Words, Beta: c.Beta, Lower: c.Lower, Spaces: c.Spaces}.Score(c.Outputs, c.References)
		if err != nil || math.Abs(f.Score-c.ChrF) > 1e-9 || f.String() != c.ChrFLine {
			t.Errorf("%d: got %s (%v), want %s", i, f, err, c.ChrFLine)
		}
		// tokens that cut the first output as sacrebleu does are the same text without a tokenizer
		whole, err := train.BLEU{Tokens: train.TokensNone, Lower: c.Lower, Order: 1}.Score([]string{strings.Join(c.First, " ")}, [][]string{{"x"}})
		own, ownErr := train.BLEU{Tokens: c.Tokens, Lower: c.Lower, Order: 1}.Score(c.Outputs[:1], [][]string{{"x"}})
		if err != nil || ownErr != nil || own.Length != whole.Length {
			t.Errorf("%d: %q has %d tokens, want %q", i, c.Outputs[0], own.Length, c.First)
		}
	}
	if len(cases) < 50 {
		t.Errorf("got %d cases, want at least 50", len(cases))
	}
}

// TestChrF compares with the values in sacrebleu's own test_chrf.py of version 2.6.0.
func TestChrF(t *testing.T) {
	for _, c := range []struct {
		train.ChrF
		output, reference string
		want              float64
	}{
		{train.ChrF{Beta: 3}, "a b c", "abc", 100},
		{train.ChrF{Beta: 3}, "aa", "ab", 25},
		{train.ChrF{Beta: 3}, "", "reference", 0},
		{train.ChrF{Beta: 3, Spaces: true}, "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
			"Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.", 67.3481606},
	} {
		got, err := c.Score([]string{c.output}, [][]string{{c.reference}})
		if err != nil || !(math.Abs(got.Score-c.want) <= 1e-6) {
			t.Errorf("%q: got %v (%v), want %v", c.output, got.Score, err, c.want)
		}
	}
	got, err := train.ChrF{}.Score(dogs, dogRefs)
	if err != nil || got.String() != "chrF2|nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no = 59.73" {
		t.Errorf("got %s (%v), want 59.73 of chrF2", got, err)
	}
}

// TestBadBLEU: an error names the field or the missing text.
func TestBadBLEU(t *testing.T) {
	for _, c := range []struct {
		train.BLEU
		outputs    []string
		references [][]string
		want       string
	}{
		{train.BLEU{Tokens: 9}, dogs, dogRefs, "Tokens is BLEUTokens(9)"},
		{train.BLEU{Smoothing: 9}, dogs, dogRefs, "Smoothing is BLEUSmoothing(9)"},
		{train.BLEU{SmoothingValue: -1}, dogs, dogRefs, "SmoothingValue is -1"},
		{train.BLEU{SmoothingValue: math.NaN()}, dogs, dogRefs, "SmoothingValue is NaN"},
		{train.BLEU{Order: -1}, dogs, dogRefs, "Order is -1"},
		{train.BLEU{}, nil, nil, "0 outputs"},
		{train.BLEU{}, dogs, dogRefs[:2], "3 outputs and references of 2"},
		{train.BLEU{}, dogs[:1], [][]string{nil}, "output 0 has no reference"},
	} {
		if _, err := c.Score(c.outputs, c.references); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got error %v, want one with %q", c.BLEU, err, c.want)
		}
	}
	for _, c := range []struct {
		train.ChrF
		want string
	}{{train.ChrF{Characters: -1}, "Characters is -1"}, {train.ChrF{Words: -1}, "Words is -1"}, {train.ChrF{Beta: math.Inf(1)}, "Beta is +Inf"}} {
		if _, err := c.Score(dogs, dogRefs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got error %v, want one with %q", c.ChrF, err, c.want)
		}
	}
	var tokens train.BLEUTokens
	if err := tokens.UnmarshalText([]byte("spm")); err == nil || !strings.Contains(err.Error(), `"spm", want one of 13a, intl`) {
		t.Errorf("tokens: got error %v, want one that lists the names", err)
	}
	got, err := train.BLEU{}.Score(dogs[:2], [][]string{dogRefs[0], {dogs[1]}})
	if err != nil || !strings.HasPrefix(got.Signature, "nrefs:var|") {
		t.Errorf("references that vary: got %q (%v), want nrefs:var", got.Signature, err)
	}
}
