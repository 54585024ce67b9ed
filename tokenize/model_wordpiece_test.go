package tokenize_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// wordPieces is the vocabulary of tensorflow's and BERT's documentation: "unaffable" is "un ##aff ##able".
var wordPieces = tokenize.WordPieceConfig{
	Vocab: map[string]int32{"[UNK]": 0, "want": 1, "##want": 2, "##ed": 3, "wa": 4, "un": 5, "runn": 6, "##ing": 7, "##aff": 8,
		"##able": 9, "é": 10, "##é": 11, "\ufffd": 12, "##\ufffd": 13},
	Unknown: "[UNK]", Prefix: "##",
}

func TestWordPiece(t *testing.T) {
	m := tokentest.Must[*tokenize.WordPiece](t)(tokenize.NewWordPiece(wordPieces))
	for _, c := range []struct {
		piece string
		want  []tokenize.Token
	}{
		{"", nil},
		{"unwanted", []tokenize.Token{token(5, 0, 2), token(2, 2, 6), token(3, 6, 8)}},
		{"unaffable", []tokenize.Token{token(5, 0, 2), token(8, 2, 5), token(9, 5, 9)}},
		{"unwantedX", []tokenize.Token{token(0, 0, 9)}},
		{"éé", []tokenize.Token{token(10, 0, 2), token(11, 2, 4)}},
		{"é\xc3é", []tokenize.Token{token(10, 0, 2), token(13, 2, 3), token(11, 3, 5)}},
		{"\xff", []tokenize.Token{token(12, 0, 1)}},
		{strings.Repeat("é", 100), nil},
		{strings.Repeat("é", 101), []tokenize.Token{token(0, 0, 202)}},
	} {
		got := tokentest.Must[[]tokenize.Token](t)(m.Tokenize(nil, c.piece))
		if len(c.piece) == 200 {
			if len(got) != 100 {
				t.Errorf("100 characters: got %d tokens, want 100", len(got))
			}
			continue
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, want %v", c.piece, got, c.want)
		}
	}
}

func token(id int32, start, end int) tokenize.Token {
	return tokenize.Token{ID: id, Span: tokenize.Span{Start: start, End: end}}
}

func TestWordPieceErrors(t *testing.T) {
	c := wordPieces
	c.Unknown = "<unk>"
	m := tokentest.Must[*tokenize.WordPiece](t)(tokenize.NewWordPiece(c))
	_, err := m.Tokenize(nil, "zebra")
	tokentest.WantError(t, err, `"zebra"`, "unknown token")
	c.MaxRunes = -1
	_, err = tokenize.NewWordPiece(c)
	tokentest.WantError(t, err, "wordpiece", "-1")
	c = wordPieces
	c.Vocab = map[string]int32{"a": 0, "b": 0}
	_, err = tokenize.NewWordPiece(c)
	tokentest.WantError(t, err, "wordpiece", `"a"`, `"b"`)
}

// naiveWordPiece is BERT's own algorithm, which tries every end from the right.
func naiveWordPiece(vocab map[string]int32, piece string) []tokenize.Token {
	var out []tokenize.Token
	for start := 0; start < len(piece); {
		end := len(piece)
		for ; end > start; end-- {
			sub := piece[start:end]
			if start > 0 {
				sub = "##" + sub
			}
			if id, ok := vocab[sub]; ok && utf8.ValidString(sub) {
				out = append(out, token(id, start, end))
				break
			}
		}
		if end == start {
			return []tokenize.Token{token(vocab["[UNK]"], 0, len(piece))}
		}
		start = end
	}
	return out
}

func TestWordPieceMatchesNaive(t *testing.T) {
	vocab := bertVocab(t)
	m := tokentest.Must[*tokenize.WordPiece](t)(tokenize.NewWordPiece(tokenize.WordPieceConfig{Vocab: vocab, Unknown: "[UNK]", Prefix: "##"}))
	var words []string
	for _, r := range references(t, "tokenizers", "parity", "hf_bert.jsonl") {
		words = append(words, strings.Fields(strings.ToLower(r.Text))...)
	}
	r := rand.New(rand.NewPCG(3, 4))
	var tokens []string
	for word := range vocab {
		tokens = append(tokens, strings.TrimPrefix(word, "##"))
	}
	slices.Sort(tokens)
	for range 2000 {
		words = append(words, tokens[r.IntN(len(tokens))]+tokens[r.IntN(len(tokens))])
	}
	for _, word := range words {
		if utf8.RuneCountInString(word) > 100 {
			continue
		}
		got := tokentest.Must[[]tokenize.Token](t)(m.Tokenize(nil, word))
		if want := naiveWordPiece(vocab, word); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
}

// bertVocab reads the vocabulary of bert-base-uncased line by line.
func bertVocab(t testing.TB) map[string]int32 {
	t.Helper()
	data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "bert-base-uncased", "vocab.txt")))
	vocab := map[string]int32{}
	for line := range strings.Lines(string(data)) {
		vocab[strings.TrimRight(line, "\n")] = int32(len(vocab))
	}
	return vocab
}

// fileWordPiece is a tokenizer.json whose model has no type, like that of bert-base-uncased.
const fileWordPiece = `{"version":"1.0","pre_tokenizer":{"type":"WhitespaceSplit"},"model":{"unk_token":"[UNK]",
"continuing_subword_prefix":"##","max_input_chars_per_word":10,"vocab":{"[UNK]":0,"a":1,"##a":2,"##ab":3}}}`

func TestWordPieceFile(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(fileWordPiece)))
	for range 2 {
		got := tokentest.Must[[]int32](t)(tok.Encode("a aab b aaaaaaaaaa aaaaaaaaaaa"))
		if want := []int32{1, 1, 3, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		saved := tokentest.Must[[]byte](t)(tok.MarshalJSON())
		if !bytes.Contains(saved, []byte(`"type": "WordPiece"`)) {
			t.Errorf("saved: got %s, want a type in it", saved)
		}
		tok = tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(saved))
	}
	for _, c := range []struct{ old, new, want string }{
		{`word":10`, `word":0`, "max_input_chars_per_word"},
		{`"a":1`, `"a":"b"`, "vocab"},
		{`"a":1`, `"a":2`, "##a"},
	} {
		_, err := tokenize.Parse([]byte(strings.Replace(fileWordPiece, c.old, c.new, 1)))
		tokentest.WantError(t, err, "model", c.want)
	}
}
