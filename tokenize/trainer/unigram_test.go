package trainer_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func piecesOf(tok *tokenize.Tokenizer) []tokenize.ScoredPiece {
	return tok.Stages().Model.(*tokenize.Unigram).Config().Pieces
}

func TestUnigramVocabulary(t *testing.T) {
	text := tokentest.GoSource(t, tokentest.Opticks)
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 2000, Special: []string{"<pad>", "<s>"}}.Train(strings.Lines(text)))
	if got := tok.VocabSize(); got != 2000 {
		t.Fatalf("got %d entries, want 2000", got)
	}
	all := piecesOf(tok)
	sum, chars := 0.0, map[string]bool{}
	for i, p := range all {
		if want := []string{"<pad>", "<s>", "<unk>"}; i < len(want) {
			if p.Text != want[i] || !tok.IsSpecial(int32(i)) {
				t.Errorf("token %d: got %q, want %q, special", i, p.Text, want[i])
			}
			continue
		}
		if i > 3 && p.Score > all[i-1].Score {
			t.Errorf("token %d: %q has the score %v, more than %v before it", i, p.Text, p.Score, all[i-1].Score)
		}
		if n := len([]rune(p.Text)); n == 1 {
			chars[p.Text] = true
		} else if n > 16 {
			t.Errorf("token %d: %q has %d characters, want at most 16", i, p.Text, n)
		}
		sum += math.Exp(p.Score)
	}
	// The digamma function takes a little from each piece, and a tenth of the pieces went at the end.
	if sum < 0.9 || sum > 1 {
		t.Errorf("the probabilities add up to %v, want a little less than 1", sum)
	}
	for _, r := range strings.Join(strings.Fields(text), "") {
		if !chars[string(r)] {
			t.Fatalf("the character %q is lost", r)
		}
	}
}

// TestUnigramAgainstSentencepiece compares with spm_train 0.1.97 on the same lines (unigram, 2,000 entries, all
// characters, no normalization): 134,455 tokens for 100,801 words.
func TestUnigramAgainstSentencepiece(t *testing.T) {
	var text []string
	for line := range strings.Lines(tokentest.GoSource(t, tokentest.Opticks)) {
		text = append(text, strings.Join(strings.Fields(line), " "))
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 2000}.Train(slices.Values(text)))
	got := 0
	for _, ids := range tokentest.Must[[][]int32](t)(tok.EncodeAll(text)) {
		got += len(ids)
	}
	t.Logf("%d tokens", got)
	if got > 134_455 || got < 100_801 {
		t.Errorf("got %d tokens, want at most 134,455, and one for a word at least", got)
	}
}

// TestUnigramFindsWords trains on words in any order without spaces between them. Without a limit threes of them are pieces.
func TestUnigramFindsWords(t *testing.T) {
	var b strings.Builder
	words := []string{"alpha", "beta", "gamma", "delta"}
	r := rand.New(rand.NewPCG(11, 12))
	for range 400 {
		for range 6 {
			b.WriteString(words[r.IntN(len(words))])
		}
		b.WriteString("\n")
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 15, MaxLength: 5, Splitter: tokenize.WhitespaceSplit{}}.Train(strings.Lines(b.String())))
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed("gammabetaalphadelta"))
	if want := []string{"gamma", "beta", "alpha", "delta"}; !slices.Equal(e.Tokens, want) {
		t.Errorf("got %q, want %q", e.Tokens, want)
	}
}

func TestUnigramWorkers(t *testing.T) {
	text := tokentest.GoSource(t, tokentest.Opticks)
	if !sweep.All() {
		text = text[:1<<17]
	}
	for _, whole := range []bool{false, true} {
		var want []byte
		for _, workers := range []int{1, 2, 4} {
			c := trainer.Unigram{VocabSize: 1000, Workers: workers}
			if whole {
				c.Splitter, text = tokenize.Splitters{}, text[:1<<15]
			}
			got := tokentest.Must[[]byte](t)(tokentest.Must[*tokenize.Tokenizer](t)(c.Train(strings.Lines(text))).MarshalJSON())
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("whole lines %t: %d workers make another file than one", whole, workers)
			}
		}
	}
}

func TestUnigramOptions(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 400, ByteFallback: true, LimitAlphabet: 20, InitialAlphabet: "Ω",
		MaxLength: 4, SeedSize: 100, Rounds: 1, Shrink: 0.5, Unknown: "?"}.Train(strings.Lines(tokentest.Corpus)))
	chars := 0
	for i, p := range piecesOf(tok)[1+256:] {
		n := len([]rune(p.Text))
		if n > 4 {
			t.Errorf("piece %d: %q is longer than 4", i, p.Text)
		}
		if n == 1 {
			chars++
		}
	}
	if chars != 20 {
		t.Errorf("got %d characters, want 20", chars)
	}
	if _, ok := tok.TokenToID("Ω"); !ok {
		t.Error("Ω, of the initial alphabet, has no token")
	}
	if id, _ := tok.TokenToID("?"); id != 0 {
		t.Errorf("the unknown token: got id %d, want 0", id)
	}
	for _, c := range []struct {
		trainer trainer.Unigram
		parts   []string
	}{
		{trainer.Unigram{VocabSize: 20}, []string{"20", "characters", "LimitAlphabet"}},
		{trainer.Unigram{MaxLength: 17}, []string{"MaxLength", "17", "16"}},
		{trainer.Unigram{Shrink: 1}, []string{"Shrink", "1"}},
		{trainer.Unigram{Rounds: -1}, []string{"Rounds", "-1"}},
		{trainer.Unigram{Special: []string{"a", "a"}}, []string{"twice"}},
	} {
		_, err := c.trainer.Train(strings.Lines(tokentest.Corpus))
		tokentest.WantError(t, err, append(c.parts, "train unigram")...)
	}
}

// TestUnigramSpecialIsText encodes text that looks like a special token as text, when told so.
func TestUnigramSpecialIsText(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 200, Special: []string{"<s>"}}.Train(strings.Lines("a < b <x> is s > t\n")))
	untrusted := *tok
	untrusted.Special = tokenize.AsText
	for _, id := range tokentest.Must[[]int32](t)(untrusted.Encode("<s>")) {
		if tok.IsSpecial(id) {
			t.Errorf("got the special token %d in text from strangers", id)
		}
	}
}

func TestExtendUnigram(t *testing.T) {
	old := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 100}.Train(strings.Lines(tokentest.Corpus)))
	const text = "ξενία zebra times zebra ξενία worst\n"
	more := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Unigram{VocabSize: 150, Special: []string{"<new>"}}.Extend(old, strings.Lines(strings.Repeat(text, 5))))
	checkOldIDs(t, old, more)
	ids := tokentest.Must[[]int32](t)(more.Encode("zebra ξενία"))
	if unknown, _ := more.TokenToID("<unk>"); len(ids) > 5 || slices.Contains(ids, unknown) {
		t.Errorf("got %d tokens, want two words", len(ids))
	}
	if id, _ := more.TokenToID("<new>"); int(id) != old.VocabSize() || !more.IsSpecial(id) {
		t.Errorf("<new>: got id %d, want %d, special", id, old.VocabSize())
	}
	_, err := trainer.Unigram{}.Extend(tokentest.BPE(t), strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "extend unigram", "BPE")
}
