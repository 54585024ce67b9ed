package data_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

func TestTextReadsFilesFoldersAndGlobs(t *testing.T) {
	dir := t.TempDir()
	one := writeFile(t, dir, "one.txt", "one ")
	writeFile(t, dir, "more/b.txt", "b ")
	writeFile(t, dir, "more/a.txt.gz", "a ")
	writeFile(t, dir, "more/deep/c.md", "c ")
	writeFile(t, dir, "more/.hidden", "hidden ")
	writeFile(t, dir, "more/.git/x", "hidden ")
	writeFile(t, dir, "odd[1].txt", "odd ")
	for _, c := range []struct {
		name  string
		paths []string
		want  string
	}{
		{"file", []string{one}, "one "},
		{"folder", []string{filepath.Join(dir, "more")}, "a b c "},
		{"glob", []string{filepath.Join(dir, "more", "?.txt*")}, "a b "},
		{"glob that matches a folder", []string{filepath.Join(dir, "mo*")}, "a b c "},
		{"order and repetition", []string{one, filepath.Join(dir, "more", "b.txt"), one}, "one b "},
		{"name with brackets", []string{filepath.Join(dir, "odd[1].txt")}, "odd "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readAll(t, must[*data.Corpus](t)(data.Text{Paths: c.paths, Encoder: runes{}}.Corpus()))
			if asText(got) != c.want {
				t.Errorf("got %q, want %q", asText(got), c.want)
			}
		})
	}
}

func TestTextErrors(t *testing.T) {
	dir := t.TempDir()
	text := writeFile(t, dir, "a.txt", "abc")
	whole, _ := os.ReadFile(writeFile(t, dir, "whole.txt.gz", strings.Repeat("abc", 1000)))
	cut := writeFile(t, dir, "cut.txt", "")
	os.Rename(cut, cut+".gz")
	os.WriteFile(cut+".gz", whole[:len(whole)-6], 0o644)
	writeFile(t, dir, "no.gzip", "x")
	os.Rename(filepath.Join(dir, "no.gzip"), filepath.Join(dir, "no.gz"))
	os.Mkdir(filepath.Join(dir, "empty"), 0o755)
	tokens := filepath.Join(dir, "tokens")
	for _, c := range []struct {
		name  string
		text  data.Text
		words []string
	}{
		{"no encoder", data.Text{Paths: []string{text}}, []string{"Encoder is nil"}},
		{"missing", data.Text{Paths: []string{filepath.Join(dir, "nope*")}, Encoder: runes{}}, []string{"nope*", "matches none"}},
		{"empty folder", data.Text{Paths: []string{filepath.Join(dir, "empty")}, Encoder: runes{}}, []string{"no files", "empty"}},
		{"bad pattern", data.Text{Paths: []string{"[x"}, Encoder: runes{}}, []string{"[x", "syntax"}},
		{"cut gzip", data.Text{Paths: []string{cut + ".gz"}, Encoder: runes{}}, []string{"cut.txt.gz", "cut short"}},
		{"no gzip", data.Text{Paths: []string{filepath.Join(dir, "no.gz")}, Encoder: runes{}}, []string{"no.gz", "gzip"}},
		{"negative id", data.Text{Paths: []string{text}, Encoder: broken{}}, []string{"a.txt", "id -1 is negative"}},
		{"no fingerprint", data.Text{Paths: []string{text}, Encoder: runes{}, File: tokens}, []string{"tokens", "Fingerprint"}},
		{"foreign file", data.Text{Paths: []string{text}, Encoder: runes{}, File: text, Fingerprint: "f"}, []string{"no files"}},
		{"foreign file in the way", data.Text{Paths: []string{text}, Encoder: runes{}, File: filepath.Join(dir, "no.gz"), Fingerprint: "f"},
			[]string{"no.gz", "no token file"}},
		{"negative end", data.Text{Paths: []string{text}, Encoder: runes{}, End: []int32{-7}}, []string{"id -7 of End"}},
		{"negative block", data.Text{Paths: []string{text}, Encoder: runes{}, Block: -1}, []string{"blocks of -1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.text.Corpus()
			wantError(t, err, append(c.words, "data: text: ")...)
		})
	}
	if got, _ := os.ReadFile(text); string(got) != "abc" {
		t.Errorf("the text was changed to %q", got)
	}
}

type broken struct{}

func (broken) AppendEncode(dst []int32, _ string) ([]int32, error) { return append(dst, -1), nil }

// recorder records the blocks that it receives.
type recorder struct{ blocks *[]string }

func (r recorder) AppendEncode(dst []int32, text string) ([]int32, error) {
	*r.blocks = append(*r.blocks, text)
	return runes{}.AppendEncode(dst, text)
}

func TestTextBlocks(t *testing.T) {
	for _, c := range []struct {
		name, text string
		block      int
		want       []string
	}{
		{"one block", "ab\ncd\n", 100, []string{"ab\ncd\n"}},
		{"exactly one block", "ab\ncd\n", 6, []string{"ab\ncd\n"}},
		{"lines", "ab\ncd\nef\n", 5, []string{"ab\n", "cd\n", "ef\n"}},
		{"empty lines stay together", "ab\ncd\n\n\nef", 8, []string{"ab\n", "cd\n\n\nef"}},
		{"indented lines stay with the line before", "a\nb\n c\nd", 6, []string{"a\n", "b\n c\nd"}},
		{"any line end", "a\n\n\n\nb", 4, []string{"a\n\n\n", "\nb"}},
		{"no line end", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"runes stay whole", "aäöü", 4, []string{"aä", "öü"}},
		{"larger than a block", "€€", 1, []string{"\xe2", "\x82", "\xac", "\xe2", "\x82", "\xac"}},
		{"empty", "", 4, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var blocks []string
			path := writeFile(t, t.TempDir(), "a.txt", c.text)
			if _, err := (data.Text{Paths: []string{path}, Encoder: recorder{&blocks}, Block: c.block}).Corpus(); err != nil {
				t.Fatal(err)
			}
			if strings.Join(blocks, "") != c.text {
				t.Errorf("got %q, which is not the text %q", blocks, c.text)
			}
			if !slices.Equal(blocks, c.want) {
				t.Errorf("got %q, want %q", blocks, c.want)
			}
			for _, b := range blocks {
				if len(b) > c.block {
					t.Errorf("block %q of %d bytes, want at most %d", b, len(b), c.block)
				}
			}
		})
	}
}
