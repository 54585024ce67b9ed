package tokenize_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// pieces returns a vocabulary: "<unk>" followed by texts with scores.
func pieces(list ...any) []tokenize.ScoredPiece {
	out := []tokenize.ScoredPiece{{Text: "<unk>"}}
	for i := 0; i < len(list); i += 2 {
		out = append(out, tokenize.ScoredPiece{Text: list[i].(string), Score: list[i+1].(float64)})
	}
	return out
}

func TestUnigram(t *testing.T) {
	letters := pieces("a", -1.0, "b", -2.0, "ab", -2.5, "abc", -9.0, "é", -3.0, "\ufffd", -4.0)
	fallback := append(pieces("a", -1.0), tokenize.ScoredPiece{Text: "<0xC3>"}, tokenize.ScoredPiece{Text: "<0xA9>"})
	for _, c := range []struct {
		config tokenize.UnigramConfig
		text   string
		want   []tokenize.Token
	}{
		{tokenize.UnigramConfig{Pieces: letters}, "", nil},
		{tokenize.UnigramConfig{Pieces: letters}, "abab", []tokenize.Token{token(3, 0, 2), token(3, 2, 4)}},
		{tokenize.UnigramConfig{Pieces: letters}, "abc", []tokenize.Token{token(4, 0, 3)}},
		{tokenize.UnigramConfig{Pieces: letters}, "axyb", []tokenize.Token{token(1, 0, 1), token(0, 1, 3), token(2, 3, 4)}},
		{tokenize.UnigramConfig{Pieces: letters}, "é\xffé", []tokenize.Token{token(5, 0, 2), token(6, 2, 3), token(5, 3, 5)}},
		{tokenize.UnigramConfig{Pieces: fallback, ByteFallback: true}, "aé", []tokenize.Token{token(1, 0, 1), token(2, 1, 3), token(3, 1, 3)}},
		{tokenize.UnigramConfig{Pieces: fallback, ByteFallback: true}, "éß", []tokenize.Token{token(0, 0, 4)}},
		{tokenize.UnigramConfig{Pieces: fallback}, "é", []tokenize.Token{token(0, 0, 2)}},
	} {
		m := tokentest.Must[*tokenize.Unigram](t)(tokenize.NewUnigram(c.config))
		if got := tokentest.Must[[]tokenize.Token](t)(m.Tokenize(nil, c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.text, got, c.want)
		}
	}
	m := tokentest.Must[*tokenize.Unigram](t)(tokenize.NewUnigram(tokenize.UnigramConfig{Pieces: letters, Unknown: -1}))
	_, err := m.Tokenize(nil, "axy")
	tokentest.WantError(t, err, `"x"`, "unknown token")
	_, err = tokenize.NewUnigram(tokenize.UnigramConfig{Pieces: letters, Unknown: 7})
	tokentest.WantError(t, err, "unigram", "7")
}

// bestScore returns the score of the best segmentation, by trying all of them.
func bestScore(scores map[string]float64, unknown float64, text string) float64 {
	if text == "" {
		return 0
	}
	best := unknown + bestScore(scores, unknown, text[1:])
	for n := 1; n <= len(text); n++ {
		if s, ok := scores[text[:n]]; ok {
			best = max(best, s+bestScore(scores, unknown, text[n:]))
		}
	}
	return best
}

// TestUnigramIsBest uses scores whose sums are exact.
func TestUnigramIsBest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		list := pieces()
		scores := map[string]float64{"<unk>": 0}
		lowest := 0.0
		for range r.IntN(12) {
			p := tokenize.ScoredPiece{Text: randomBytes(r, 3), Score: -float64(r.IntN(64)) / 4}
			p.Text = strings.Map(func(c rune) rune { return 'a' + c }, p.Text)
			list, scores[p.Text], lowest = append(list, p), p.Score, min(lowest, p.Score)
		}
		m := tokentest.Must[*tokenize.Unigram](t)(tokenize.NewUnigram(tokenize.UnigramConfig{Pieces: list}))
		text := strings.Map(func(c rune) rune { return 'a' + c }, randomBytes(r, 3)+randomBytes(r, 3))[:2]
		got := 0.0
		for _, tok := range tokentest.Must[[]tokenize.Token](t)(m.Tokenize(nil, text)) {
			if tok.ID == 0 {
				got += (lowest - 10) * float64(tok.End-tok.Start)
				continue
			}
			got += list[tok.ID].Score
		}
		if want := bestScore(scores, lowest-10, text); got != want {
			t.Errorf("%v: %q: got the score %v, want %v", list, text, got, want)
		}
	}
}

// fileUnigram is a tokenizer.json.
const fileUnigram = `{"version":"1.0","model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1.5],["ab",-2.25]],"byte_fallback":false}}`

func TestUnigramFile(t *testing.T) {
	for _, file := range []string{fileUnigram, strings.Replace(fileUnigram, `"type":"Unigram",`, "", 1)} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(file)))
		saved := tokentest.Must[[]byte](t)(tok.MarshalJSON())
		again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(saved))
		if got := tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(got, saved) {
			t.Errorf("saved again: got %s, want %s", got, saved)
		}
		if got, want := tokentest.Must[[]int32](t)(again.Encode("abaxx")), []int32{2, 1, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(fileUnigram)))
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed("axyab"))
	if want := []string{"a", "xy", "ab"}; !slices.Equal(e.Tokens, want) {
		t.Errorf("an unknown token is the text it stands for: got %q, want %q", e.Tokens, want)
	}
	for _, c := range []struct{ old, new, want string }{
		{`"unk_id":0`, `"unk_id":3`, "3"},
		{`"unk_id":0`, `"unk_id":-2`, "unk_id"},
		{`["a",-1.5]`, `["a"]`, "a piece and its score"},
		{`["a",-1.5]`, `["a",null]`, "a piece and its score"},
		{`["a",-1.5]`, `[1,2]`, "vocab"},
		{`["a",-1.5]`, `["a",1e999]`, "vocab"},
	} {
		_, err := tokenize.Parse([]byte(strings.Replace(fileUnigram, c.old, c.new, 1)))
		tokentest.WantError(t, err, "model", c.want)
	}
}

func randomBytes(r *rand.Rand, letters int) string {
	var b strings.Builder
	for range 1 + r.IntN(8) {
		b.WriteByte(byte(r.IntN(letters)))
	}
	return b.String()
}
