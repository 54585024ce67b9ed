package trainer_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// TestCharacterMerges compares with the BPE trainer of Hugging Face tokenizers 0.23.2, with Whitespace before it and 30,000 entries.
func TestCharacterMerges(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.CharBPE{VocabSize: 30001, Splitter: tokenize.Whitespace{}}.TrainFiles(tokentest.GoPath(t, tokentest.Opticks)))
	merges := tok.Stages().Model.(*tokenize.BPE).Config().Merges
	h := sha256.New()
	for _, m := range merges {
		fmt.Fprintf(h, "%s %s\n", m[0], m[1])
	}
	const want = "e4c566c2c2b2ce71a48c2f38b951766f78d2332e63788fcf11c6f485bff8ae02"
	if got := fmt.Sprintf("%x", h.Sum(nil)); len(merges) != 8272 || got != want || tok.VocabSize() != 8361+1 {
		t.Errorf("got %d entries, %d merges with sum %s, want 8361 and <unk>, 8272, %s", tok.VocabSize(), len(merges), got, want)
	}
}

// naiveMerges trains by the definition: it counts all pairs before each merge. Words come with their counts. Of pairs
// with equal counts the one with the lower ids merges: characters, then those with a prefix or a suffix, then merges.
func naiveMerges(words map[string]int, affix [2]string, n int) (merges [][2]string) {
	prefix, suffix := affix[0], affix[1]
	split, rank := map[string][]string{}, map[string]int{}
	for c := range 128 {
		for i, form := range []string{"%s", "%s" + suffix, prefix + "%s", prefix + "%s" + suffix} {
			if form = fmt.Sprintf(form, string(rune(c))); rank[form] == 0 {
				rank[form] = 1 + c + min(i, 1)*(1000+3*c+i)
			}
		}
	}
	for w := range words {
		parts := strings.Split(w, "")
		for i := 1; i < len(parts); i++ {
			parts[i] = prefix + parts[i]
		}
		parts[len(parts)-1] += suffix
		split[w] = parts
	}
	for len(merges) < n {
		best := bestPair(words, split, rank)
		if best[0] == "" {
			break
		}
		merges = append(merges, best)
		made := best[0] + strings.TrimPrefix(best[1], prefix)
		rank[made] = 10_000 + len(merges)
		for w, parts := range split {
			for i := 0; i+1 < len(parts); i++ {
				if parts[i] == best[0] && parts[i+1] == best[1] {
					parts = slices.Replace(parts, i, i+2, made)
				}
			}
			split[w] = parts
		}
	}
	return merges
}

// bestPair is the most frequent pair of neighbours in words.
func bestPair(words map[string]int, split map[string][]string, rank map[string]int) (best [2]string) {
	counts := map[[2]string]int{}
	for w, parts := range split {
		for i := range len(parts) - 1 {
			counts[[2]string{parts[i], parts[i+1]}] += words[w]
		}
	}
	for p, c := range counts {
		lower := rank[p[0]] < rank[best[0]] || p[0] == best[0] && rank[p[1]] < rank[best[1]]
		if c > counts[best] || c == counts[best] && (best[0] == "" || lower) {
			best = p
		}
	}
	return best
}

func TestAffixesAgainstTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, affix := range [][2]string{{"##", ""}, {"", "</w>"}, {"@", "$"}, {"", ""}} {
		for range 20 {
			words := map[string]int{}
			var text []string
			for range 30 {
				word := randomLetters(r, 1+r.IntN(9))
				words[word]++
				text = append(text, word)
			}
			tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.CharBPE{VocabSize: 40, Prefix: affix[0], Suffix: affix[1],
				Splitter: tokenize.WhitespaceSplit{}}.Train(slices.Values(text)))
			got := tok.Stages().Model.(*tokenize.BPE).Config().Merges
			made := map[string]bool{}
			for i, m := range naiveMerges(words, affix, len(got)) {
				token := m[0] + strings.TrimPrefix(m[1], affix[0])
				if made[token] {
					break // where two merges make one string, Hugging Face's rule is not the definition's
				}
				if made[token] = true; got[i] != m {
					t.Fatalf("%q: merges[%d]: got %q, want %q", affix, i, got[i], m)
				}
			}
		}
	}
}

func TestAlphabet(t *testing.T) {
	const text = "aaaa bbb cc d\n"
	alphabet := func(c trainer.CharBPE) string {
		c.VocabSize, c.Splitter = 300, tokenize.Chars{} // no pairs
		tok := tokentest.Must[*tokenize.Tokenizer](t)(c.Train(strings.Lines(text)))
		var b strings.Builder
		for id := range int32(tok.VocabSize()) {
			token, _ := tok.IDToToken(id)
			b.WriteString(token)
		}
		return b.String()
	}
	for _, c := range []struct {
		trainer trainer.CharBPE
		want    string
	}{
		{trainer.CharBPE{}, "<unk>\n abcd"},
		{trainer.CharBPE{LimitAlphabet: 3}, "<unk> ab"}, // the space occurs as often as b
		{trainer.CharBPE{InitialAlphabet: "ze"}, "<unk>\n abcdez"},
		{trainer.CharBPE{InitialAlphabet: "ze", LimitAlphabet: 3}, "<unk>aez"},
		{trainer.CharBPE{InitialAlphabet: "ze", LimitAlphabet: 1}, "<unk>e"},
		{trainer.CharBPE{Special: []string{"a"}, Unknown: "?"}, "a?\n bcd"},
	} {
		if got := alphabet(c.trainer); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.trainer, got, c.want)
		}
	}
	_, err := trainer.CharBPE{VocabSize: 4, Splitter: tokenize.Chars{}}.Train(strings.Lines(text))
	tokentest.WantError(t, err, "train character bpe", "4", "6 characters", "LimitAlphabet")
}

func TestTrainWordPiece(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.WordPiece{VocabSize: 120, Special: []string{"[PAD]", "[UNK]"}}.Train(strings.Lines(strings.Repeat("low lower lowest\n", 5))))
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed("lowest slow zlow"))
	if want := []string{"lowest", "s", "##low", "[UNK]"}; !slices.Equal(e.Tokens[:1], want[:1]) || e.Tokens[len(e.Tokens)-1] != "[UNK]" {
		t.Errorf("got %q, want %q", e.Tokens, want)
	}
	if id, _ := tok.TokenToID("[UNK]"); id != 1 {
		t.Errorf("[UNK]: got id %d, want 1, its place among the special tokens", id)
	}
	more := tokentest.Must[*tokenize.Tokenizer](t)(trainer.WordPiece{VocabSize: 140}.Extend(tok, strings.Lines(strings.Repeat("newest zest\n", 5))))
	e = tokentest.Must[*tokenize.Encoding](t)(more.EncodeDetailed("newest zest lowest"))
	if want := []string{"newest", "zest", "lowest"}; !slices.Equal(e.Tokens, want) {
		t.Errorf("extended: got %q, want %q", e.Tokens, want)
	}
	checkOldIDs(t, tok, more)
}

func TestExtendCharBPE(t *testing.T) {
	train := trainer.CharBPE{VocabSize: 130}
	old := tokentest.Must[*tokenize.Tokenizer](t)(train.Train(strings.Lines(tokentest.Corpus)))
	train.VocabSize = 180
	more := tokentest.Must[*tokenize.Tokenizer](t)(train.Extend(old, strings.Lines(strings.Repeat("ξενία zebra\n", 5))))
	checkOldIDs(t, old, more)
	ids := tokentest.Must[[]int32](t)(more.Encode("ξενία zebra"))
	if unknown, _ := more.TokenToID("<unk>"); len(ids) > 3 || slices.Contains(ids, unknown) {
		t.Errorf("got %d tokens, want two words", len(ids))
	}
	whole := tokentest.Must[*tokenize.Tokenizer](t)(train.Train(strings.Lines(tokentest.Corpus)))
	rest := tokentest.Must[*tokenize.Tokenizer](t)(train.Extend(old, strings.Lines(tokentest.Corpus)))
	if a, b := tokentest.Must[[]byte](t)(whole.MarshalJSON()), tokentest.Must[[]byte](t)(rest.MarshalJSON()); string(a) != string(b) {
		t.Error("130 entries extended to 180 differ from 180 trained at once")
	}
	_, err := trainer.CharBPE{}.Extend(tokentest.BPE(t), strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "bytes", "trainer.BPE")
	_, err = trainer.BPE{}.Extend(old, strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "characters", "trainer.CharBPE")
}

// checkOldIDs checks that the tokens of old have their ids in more.
func checkOldIDs(t *testing.T, old, more *tokenize.Tokenizer) {
	t.Helper()
	for id := range int32(old.VocabSize()) {
		a, _ := old.IDToToken(id)
		if b, ok := more.IDToToken(id); !ok || a != b {
			t.Errorf("token %d: got %q, want %q as before", id, b, a)
		}
	}
}
