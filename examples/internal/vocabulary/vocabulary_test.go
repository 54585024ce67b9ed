package vocabulary_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// TestKinds: each kind of tokenizer keeps to the options, and its files give the same ids.
func TestKinds(t *testing.T) {
	o := vocabulary.Options{Size: 300, Special: []string{"<s>"}, Unknown: "<unk>", Lowercase: true}
	texts := slices.Values(strings.Split("The quick brown fox\njumps over the lazy dog", "\n"))
	for kind := range strings.FieldsFuncSeq(strings.ReplaceAll(vocabulary.Kinds, " or ", " "), func(r rune) bool { return r == ',' || r == ' ' }) {
		o.Name = kind
		v, err := o.Open("", vocabulary.Texts(texts))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if _, ok := v.BOS(); !ok || v.VocabSize() > o.Size {
			t.Errorf("%s: got %d tokens and a token of the beginning %t, want at most %d and true", kind, v.VocabSize(), ok, o.Size)
		}
		dir := t.TempDir()
		for name, content := range v.Files {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		saved, err := o.Open(dir, func(trainer.Trainer) (*tokenize.Tokenizer, error) {
			t.Errorf("%s: a saved tokenizer is trained", kind)
			return nil, nil
		})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		want, err := v.Encode("the Quick dog 빠른")
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		lower, _ := v.Encode("the quick dog 빠른")
		got, err := saved.Encode("the quick dog 빠른")
		if err != nil || !slices.Equal(got, want) || !slices.Equal(lower, want) {
			t.Errorf("%s: got ids %v of its files (%v) and %v in lower case, want %v", kind, got, err, lower, want)
		}
	}
}

// TestWrongNames: the error of a name that is no kind and no path names it.
func TestWrongNames(t *testing.T) {
	for _, name := range []string{"", "bpee", "missing/tokenizer.json", t.TempDir()} {
		if _, err := (vocabulary.Options{Name: name, Size: 300}).Open("", nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: got error %v, want one with the name", name, err)
		}
	}
}
