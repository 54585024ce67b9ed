package tokenize_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// TestModelFiles checks that Load reads the result of ModelFiles from a folder, with the same ids and roles.
func TestModelFiles(t *testing.T) {
	_, err := tokenize.Load(t.TempDir())
	tokentest.WantError(t, err, "none of tokenizer.json, vocab.json")
	testModelFiles(t, tokentest.Chars(t), "tokenizer.json")
	testModelFiles(t, tokentest.BPE(t, "<pad>", "<s>", "</s>"), "tokenizer.json")
	testModelFiles(t, published(t, "t5-base"), "tokenizer.model")
	for _, name := range []string{"gpt2add", "ko", "clip"} {
		testModelFiles(t, tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "faults", "folders", name))), "tokenizer.json")
	}
	for class, path := range map[string][]string{
		"LlamaTokenizer": {"tokenizers", "llama2", "tokenizer.model"}, "T5Tokenizer": {"tokenizers", "t5-base", "spiece.model"},
	} {
		for _, legacy := range []string{"true", "false"} {
			if (class == "LlamaTokenizer") == (legacy == "true") && !sweep.All() {
				continue
			}
			dir := makeFolder(t, map[string]string{
				filepath.Base(path[2]):  read(t, tokentest.Shared(t, path...)),
				"tokenizer_config.json": `{"tokenizer_class": "` + class + `", "legacy": ` + legacy + `, "pad_token": "<extra>"}`,
			})
			testModelFiles(t, tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(dir)), "tokenizer.model")
		}
	}
}

func testModelFiles(t *testing.T, tok *tokenize.Tokenizer, want string) {
	t.Helper()
	files := tokentest.Must[map[string][]byte](t)(tok.ModelFiles())
	if files[want] == nil || files["tokenizer_config.json"] == nil || len(files) != 2 {
		t.Fatalf("got %d files, want %s and tokenizer_config.json", len(files), want)
	}
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(dir))
	for _, text := range []string{"the best of times", "the</s> end", ""} {
		wantIDs, err := tok.Encode(text)
		if err != nil {
			continue // the model has no such characters
		}
		if ids := tokentest.Must[[]int32](t)(again.Encode(text)); !slices.Equal(ids, wantIDs) {
			t.Errorf("%s: %q: got %v, want %v", want, text, ids, wantIDs)
		}
	}
	if again.Roles != tok.Roles || again.VocabSize() != tok.VocabSize() {
		t.Errorf("got roles %+v and a vocabulary of %d, want %+v and %d", again.Roles, again.VocabSize(), tok.Roles, tok.VocabSize())
	}
	for name, data := range tokentest.Must[map[string][]byte](t)(again.ModelFiles()) {
		if string(data) != string(files[name]) {
			t.Errorf("%s saved again differs: got\n%s\nwant\n%s", name, data[max(0, len(data)-900):], files[name][max(0, len(files[name])-900):])
		}
	}
}

// makeFolder writes files into a new folder.
func makeFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t testing.TB, path string) string {
	t.Helper()
	return string(tokentest.Must[[]byte](t)(os.ReadFile(path)))
}

// TestFolderKinds checks the ids of several kinds of folders.
func TestFolderKinds(t *testing.T) {
	load := func(name string) *tokenize.Tokenizer {
		return tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "faults", "folders", name)))
	}
	tok := load("gpt2add")
	if got := tokentest.Must[[]int32](t)(tok.Encode("hello<|pad|><think>")); !slices.Equal(got[1:], []int32{264, 265}) || tok.VocabSize() != 266 {
		t.Errorf("gpt2add: got %v of %d, want …, 264, 265 of 266", got, tok.VocabSize())
	}
	if tok.IsSpecial(265) || !tok.IsSpecial(264) {
		t.Errorf("gpt2add: got special %t and %t, want <|pad|> alone", tok.IsSpecial(264), tok.IsSpecial(265))
	}
	if want := (tokenize.Roles{BOS: "<|endoftext|>", EOS: "<|endoftext|>", Unk: "<|endoftext|>", Pad: "<|pad|>"}); tok.Roles != want {
		t.Errorf("gpt2add: got roles %+v, want %+v", tok.Roles, want)
	}
	if id, ok := tok.Pad(); id != 264 || !ok {
		t.Errorf("gpt2add: got pad %d %t, want 264", id, ok)
	}
	tok = load("ko")
	const ko = "한국어 토큰화 나는 를 좋아한다. bert é café"
	if got, want := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(ko)).Tokens, []string{"[CLS]", "한국어", "토큰", "##화", "나는", "[UNK]", "좋아", "##한다", ".", "bert", "é", "café", "[SEP]"}; !slices.Equal(got, want) {
		t.Errorf("ko: got %q, want %q", got, want)
	}
	guessed := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, map[string]string{"vocab.txt": read(t, tokentest.Shared(t, "faults", "folders", "ko", "vocab.txt"))})))
	if got, want := tokentest.Must[[]int32](t)(guessed.Encode("한국어 CAFÉ")), []int32{2, 5, 15, 3}; !slices.Equal(got, want) {
		t.Errorf("ko without settings: got %v, want %v", got, want)
	}
	tok = load("clip")
	if got, want := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed("The  cat")).Tokens, []string{"<|startoftext|>", "the</w>", "cat</w>", "<|endoftext|>"}; !slices.Equal(got, want) {
		t.Errorf("clip: got %q, want %q", got, want)
	}
}

// bytePairsOf returns the vocab.json and merges.txt of a tokenizer.json.
func bytePairsOf(t testing.TB, path string) map[string]string {
	t.Helper()
	var file struct {
		Model struct {
			Vocab  json.RawMessage
			Merges []string
		}
	}
	if err := json.Unmarshal([]byte(read(t, path)), &file); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"vocab.json": string(file.Model.Vocab), "merges.txt": "#version: 0.2\n" + strings.Join(file.Model.Merges, "\n") + "\n"}
}

// TestFoldersLikeJSON checks that the older files of a class give the ids of its tokenizer.json, with and without byte
// order marks.
func TestFoldersLikeJSON(t *testing.T) {
	t.Parallel()
	texts := []string{"Hello, World!  It's 2024:\n\tnaïve CAFÉ <mask> <s></s> [MASK] 한국어", "a", ""}
	for _, r := range references(t, "tokenizers", "parity", "texts.jsonl")[:60] {
		texts = append(texts, r.Text)
	}
	for _, c := range []struct{ class, json, files string }{
		{"CLIPTokenizer", "clip", "bytes"}, {"CLIPTokenizerFast", "clip", "bytes"}, {"", "clip", "bytes"}, {"RobertaTokenizer", "roberta-base", "bytes"},
		{"BertTokenizer", "bert-base-uncased", "vocab.txt"}, {"", "bert-base-uncased", "vocab.txt"},
	} {
		if !sweep.All() && (c.class == "CLIPTokenizerFast" || c.class == "BertTokenizer") {
			continue // another class of the same files
		}
		path := tokentest.Shared(t, "tokenizers", c.json, "tokenizer.json")
		files := map[string]string{}
		if c.files == "bytes" {
			files = bytePairsOf(t, path)
		} else {
			files[c.files] = read(t, tokentest.Shared(t, "tokenizers", c.json, c.files))
		}
		if c.class != "" {
			files["tokenizer_config.json"] = `{"tokenizer_class": "` + c.class + `"}`
		}
		for name := range files {
			files[name] = "\xef\xbb\xbf" + files[name]
		}
		want := published(t, c.json, "tokenizer.json")
		got := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(makeFolder(t, files)))
		for _, text := range texts {
			a, b := tokentest.Must[*tokenize.Encoding](t)(want.EncodeDetailed(text)), tokentest.Must[*tokenize.Encoding](t)(got.EncodeDetailed(text))
			if !slices.Equal(a.IDs, b.IDs) {
				t.Errorf("%s of %s: %q: got %v, want %v", c.class, c.json, text, b.IDs, a.IDs)
				break
			}
		}
		if got.VocabSize() != want.VocabSize() {
			t.Errorf("%s of %s: got a vocabulary of %d, want %d", c.class, c.json, got.VocabSize(), want.VocabSize())
		}
	}
}
