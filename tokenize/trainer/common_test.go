package trainer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// corpus is a small text in several scripts that the tests train on.
const corpus = `It was the best of times, it was the worst of times,
it was the age of wisdom; it was the age of foolishness.
We'll say (don't we?) "the times" 1859 12 times.

대한민국의 국가 형태는 대한민국이다. 한국어 문장을 나눈다.
Größe über alles, naïve café.
def f(x):	return x + 1
日本語の文章です。👍🏽
`

func trainBPE(t testing.TB, special ...string) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 400, Special: special}.Train(lines(corpus)))
}

func trainChars(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.Char{Special: []string{"<pad>", "<s>", "</s>"}}.Train(lines(corpus)))
}

func trainWords(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.Word{Special: []string{"<pad>", "<s>", "</s>"}}.Train(lines(corpus)))
}

// texts are the texts of round trips: several scripts, composed and decomposed Hangul, spaces, invalid bytes.
var texts = []string{
	"", " ", "\n", "  \n\n  a", "it was the best of times",
	"한국어 문장", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", // the same word decomposed
	"e\u0301 é 👍🏽\u200d \ufeff", "\xff", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "한\x80국", "\x00\x01\x7f",
	strings.Repeat("a", 100), strings.Repeat("한", 50),
}

func checkRoundTrip(t *testing.T, tok *tokenize.Tokenizer, text string) {
	t.Helper()
	ids, err := tok.Encode(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	got, err := tok.Decode(ids)
	if err != nil || got != text {
		t.Errorf("decoded: got %q, %v, want %q", got, err, text)
	}
	e, err := tok.EncodeDetailed(text)
	if err != nil || !slices.Equal(e.IDs, ids) {
		t.Errorf("%q: detailed: got %v, %v, want %v", text, e, err, ids)
	}
	var streamed strings.Builder
	s := tok.Stream()
	for _, id := range ids {
		streamed.WriteString(must[string](t)(s.Write(id)))
	}
	streamed.WriteString(must[string](t)(s.Flush()))
	if streamed.String() != text {
		t.Errorf("streamed: got %q, want %q", streamed.String(), text)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error: got %q, want %q in it", err, part)
		}
	}
}

// shared returns the path of a file of ../shared, next to the project. It skips the test if the file is missing.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return path
}

// goSource returns a text of the Go distribution. It skips the test if the text is missing.
func goSource(t testing.TB, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(goPath(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goRoot returns the folder of the Go distribution, "" without a go command.
var goRoot = sync.OnceValue(func() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})

func goPath(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{goRoot(), "src"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no sources of the Go distribution: %v", err)
	}
	return path
}

const opticks = "testdata/Isaac.Newton-Opticks.txt"

// lines is the lines of text, each with its newline.
func lines(text string) func(func(string) bool) { return strings.Lines(text) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
