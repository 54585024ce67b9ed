package tokenize_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// checkFixedPoint saves tok and loads it: the ids are the same, and saving again gives the same file.
func checkFixedPoint(t *testing.T, tok *tokenize.Tokenizer, texts ...string) {
	t.Helper()
	saved := tokentest.Must[[]byte](t)(tok.MarshalJSON())
	checkSaved(t, tok, saved, texts...)
}

// checkSaved loads the file that tok was saved as.
func checkSaved(t *testing.T, tok *tokenize.Tokenizer, saved []byte, texts ...string) {
	t.Helper()
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(saved))
	if second := tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(saved, second) {
		t.Fatalf("the second file differs at byte %d", firstDifference(saved, second))
	}
	if m, ok := tok.Stages().Model.(*tokenize.Unigram); ok {
		if got := again.Stages().Model.(*tokenize.Unigram).Config().Pieces; !slices.Equal(got, m.Config().Pieces) {
			t.Fatal("the scores differ")
		}
	}
	for _, text := range texts {
		a, err := tok.Encode(text)
		b, other := again.Encode(text)
		if (err == nil) != (other == nil) || !slices.Equal(a, b) {
			t.Fatalf("%.100q: got %v, %v from the file, want %v, %v", text, b, other, a, err)
		}
	}
}

func firstDifference(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// TestTrainedFilesComeBack saves the tokenizers that every trainer makes of several texts.
func TestTrainedFilesComeBack(t *testing.T) {
	for _, text := range []string{tokentest.Corpus, "a", "<s> b b\n", "aaaaaaaaaaaaaaa$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa$aaaaaaaaaaa0aaa1aaaa", "x\u2581y  z\r\n\t\x00é"} {
		for _, special := range [][]string{nil, {"<pad>", "<s>"}} {
			for name, train := range map[string]func() (*tokenize.Tokenizer, error){
				"bpe": func() (*tokenize.Tokenizer, error) {
					return trainer.BPE{VocabSize: 400, Special: special}.Train(strings.Lines(text))
				},
				"char": func() (*tokenize.Tokenizer, error) { return trainer.Char{Special: special}.Train(strings.Lines(text)) },
				"word": func() (*tokenize.Tokenizer, error) { return trainer.Word{Special: special}.Train(strings.Lines(text)) },
				"charbpe": func() (*tokenize.Tokenizer, error) {
					return trainer.CharBPE{VocabSize: 400, Special: special}.Train(strings.Lines(text))
				},
				"suffix": func() (*tokenize.Tokenizer, error) {
					return trainer.CharBPE{VocabSize: 400, Suffix: "</w>", ByteFallback: true}.Train(strings.Lines(text))
				},
				"unigram": func() (*tokenize.Tokenizer, error) {
					return trainer.Unigram{VocabSize: 350, Special: special}.Train(strings.Lines(text))
				},
				"fallback": func() (*tokenize.Tokenizer, error) {
					return trainer.Unigram{VocabSize: 450, ByteFallback: true}.Train(strings.Lines(text))
				},
				"wordpiece": func() (*tokenize.Tokenizer, error) {
					return trainer.WordPiece{VocabSize: 400, Special: special}.Train(strings.Lines(text))
				},
			} {
				tok, err := train()
				if err != nil {
					t.Fatalf("%s: %q: %v", name, text, err)
				}
				checkFixedPoint(t, tok, text)
				if m, ok := tok.Stages().Model.(*tokenize.BPE); ok && !m.Config().Characters && special == nil {
					checkPlainFiles(t, tok, text)
				}
			}
		}
	}
}

// checkPlainFiles saves byte-level BPE as GPT-2's two files and as a .tiktoken file where those can hold it.
func checkPlainFiles(t *testing.T, tok *tokenize.Tokenizer, text string) {
	t.Helper()
	dir := t.TempDir()
	if err := tok.SaveGPT2(dir); err != nil {
		t.Fatal(err)
	}
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(dir))
	a, b := tokentest.Must[[]int32](t)(tok.Encode(text)), tokentest.Must[[]int32](t)(again.Encode(text))
	if !slices.Equal(a, b) {
		t.Fatalf("two files: %.100q: got %v, want %v", text, b, a)
	}
	second := t.TempDir()
	if err := again.SaveGPT2(second); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vocab.json", "merges.txt"} {
		if !bytes.Equal(tokentest.Must[[]byte](t)(os.ReadFile(filepath.Join(dir, name))), tokentest.Must[[]byte](t)(os.ReadFile(filepath.Join(second, name)))) {
			t.Fatalf("the second %s differs", name)
		}
	}
}

func checkOtherFile(t *testing.T, tok *tokenize.Tokenizer, name string, save func(*tokenize.Tokenizer, string) error, load func(string) (*tokenize.Tokenizer, error)) {
	t.Helper()
	path, second := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), name)
	if save(tok, path) != nil {
		return // that format cannot hold it
	}
	again, err := load(path)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := save(again, second); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if a, b := tokentest.Must[[]byte](t)(os.ReadFile(path)), tokentest.Must[[]byte](t)(os.ReadFile(second)); !bytes.Equal(a, b) {
		t.Errorf("%s: the second file differs at byte %d", name, firstDifference(a, b))
	}
	a, err := tok.Encode(tokentest.Corpus)
	b, other := again.Encode(tokentest.Corpus)
	if (err == nil) != (other == nil) || !slices.Equal(a, b) {
		t.Errorf("%s: got %d ids, %v, want %d, %v", name, len(b), other, len(a), err)
	}
}

// FuzzTrain trains on any text. The tokenizer encodes the text, and its file gives the same ids.
func FuzzTrain(f *testing.F) {
	for _, text := range tokentest.Texts {
		f.Add(text, uint8(3), uint8(0))
	}
	f.Add(tokentest.Corpus, uint8(40), uint8(7))
	f.Fuzz(func(t *testing.T, text string, size, options uint8) {
		n, fallback, limit := 260+len([]rune(text))+int(size)*2, options&1 != 0, int(options>>1)%8
		affix := []string{"", "##", "$"}[options%3]
		trainers := []func() (*tokenize.Tokenizer, error){
			func() (*tokenize.Tokenizer, error) {
				return trainer.Unigram{VocabSize: n, ByteFallback: fallback, LimitAlphabet: limit}.Train(strings.Lines(text))
			},
			func() (*tokenize.Tokenizer, error) {
				return trainer.CharBPE{VocabSize: 2*n + n, ByteFallback: fallback, LimitAlphabet: limit, Suffix: affix}.Train(strings.Lines(text))
			},
			func() (*tokenize.Tokenizer, error) {
				return trainer.WordPiece{VocabSize: 3 * n, Prefix: affix, LimitAlphabet: limit}.Train(strings.Lines(text))
			},
			func() (*tokenize.Tokenizer, error) { return trainer.BPE{VocabSize: n}.Train(strings.Lines(text)) },
		}
		bytesOnly := len(trainers) - 1 // BPE takes any bytes
		for i, train := range trainers {
			tok, err := train()
			if i < bytesOnly && !utf8.ValidString(text) {
				tokentest.WantError(t, err, "is not UTF-8")
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			checkFixedPoint(t, tok, text)
		}
	})
}
