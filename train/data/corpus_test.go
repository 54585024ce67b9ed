package data_test

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train/data"
)

func readAll(t testing.TB, c *data.Corpus) []int32 {
	t.Helper()
	ids := make([]int32, c.Len())
	if err := c.Tokens(ids, 0); err != nil {
		t.Fatal(err)
	}
	return ids
}

func asText(ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteRune(id)
	}
	return b.String()
}

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

func TestTokenFileIsUsedAgain(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir, "a.txt", "abc")
	var blocks []string
	text := data.Text{Paths: []string{dir}, Encoder: recorder{&blocks}, File: filepath.Join(dir, "tokens"), Fingerprint: "1", End: []int32{5}}
	open := func(want int) []int32 {
		t.Helper()
		blocks = nil
		c := must[*data.Corpus](t)(text.Corpus())
		defer c.Close()
		if len(blocks) != want {
			t.Errorf("got %d blocks encoded, want %d", len(blocks), want)
		}
		return readAll(t, c)
	}
	if got := open(1); !slices.Equal(got, []int32{'a', 'b', 'c', 5}) {
		t.Errorf("got %v", got)
	}
	open(0)
	text.Fingerprint = "2"
	open(1)
	text.End = nil
	open(1)
	open(0)
	os.Chtimes(path, time.Now(), time.Unix(1, 0))
	open(1)
	writeFile(t, dir, "b.txt", "d")
	if got := open(2); asText(got) != "abcd" {
		t.Errorf("got %q, want abcd", asText(got))
	}
	raw, _ := os.ReadFile(text.File)
	raw[20] ^= 1
	os.WriteFile(text.File, raw, 0o644)
	open(2) // a file with a damaged header is not up to date
	t.Chdir(dir)
	text.Paths = []string{"."}
	open(0) // the same files by relative paths
	names, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if len(names) != 0 {
		t.Errorf("got leftovers %v, want none", names)
	}
}

func TestFailedEncodingLeavesNothing(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	writeFile(t, dir, "a.txt", "abc")
	_, err := data.Text{Paths: []string{dir}, Encoder: broken{}, File: filepath.Join(out, "tokens"), Fingerprint: "1"}.Corpus()
	wantError(t, err, "negative")
	if entries, _ := os.ReadDir(out); len(entries) != 0 {
		t.Errorf("got %v left, want nothing", entries)
	}
}

func TestWideTokenFile(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("ab\n", 40000) + "\U0001F600" + "z" // the emoji does not fit two bytes and is near the end
	path := writeFile(t, dir, "a.txt", text)
	file := filepath.Join(dir, "tokens")
	c := must[*data.Corpus](t)(data.Text{Paths: []string{path}, Encoder: runes{}, File: file, Fingerprint: "1", Block: 1000}.Corpus())
	defer c.Close()
	if got := asText(readAll(t, c)); got != text {
		t.Errorf("got %d bytes of text that differ from the %d written", len(got), len(text))
	}
	if c.MaxID() != 0x1F600 {
		t.Errorf("got largest id %d, want %d", c.MaxID(), 0x1F600)
	}
	if info, _ := os.Stat(file); info.Size() != int64(64+4*c.Len()) {
		t.Errorf("got a file of %d bytes, want 4 for each id and 64", info.Size())
	}
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

// tokenFile returns a whole token file with these bytes of ids, two bytes each.
func tokenFile(t testing.TB) []byte {
	dir := t.TempDir()
	path := writeFile(t, dir, "a.txt", "hello")
	file := filepath.Join(dir, "tokens")
	c := must[*data.Corpus](t)(data.Text{Paths: []string{path}, Encoder: runes{}, File: file, Fingerprint: "1"}.Corpus())
	defer c.Close()
	return must[[]byte](t)(os.ReadFile(file))
}

// reseal updates the checksum of the header after a change.
func reseal(b []byte) []byte {
	clear(b[28:32])
	binary.LittleEndian.PutUint32(b[28:], crc32.Checksum(b[:64], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

func TestHostileTokenFiles(t *testing.T) {
	good := tokenFile(t)
	put16 := binary.LittleEndian.PutUint16
	for _, c := range []struct {
		name   string
		change func(b []byte) []byte
		words  []string
	}{
		{"empty", func(b []byte) []byte { return nil }, []string{"0 bytes", "64"}},
		{"cut header", func(b []byte) []byte { return b[:63] }, []string{"63 bytes", "64"}},
		{"other kind", func(b []byte) []byte { copy(b, "PK\x03\x04"); return b }, []string{"begins with", "GGFTOKEN"}},
		{"version", func(b []byte) []byte { put16(b[8:], 9); return b }, []string{"version 9", "want 1"}},
		{"header sum", func(b []byte) []byte { b[40] ^= 1; return b }, []string{"checksum of the header", "damaged"}},
		{"width", func(b []byte) []byte { put16(b[10:], 3); return reseal(b) }, []string{"ids of 3 bytes", "2 or 4"}},
		{"width 0", func(b []byte) []byte { put16(b[10:], 0); return reseal(b) }, []string{"ids of 0 bytes", "2 or 4"}},
		{"cut ids", func(b []byte) []byte { return b[:len(b)-1] }, []string{"5 ids of 2 bytes", "9 bytes"}},
		{"tail", func(b []byte) []byte { return append(b, 0) }, []string{"5 ids of 2 bytes", "11 bytes"}},
		{"overflowing count", func(b []byte) []byte { binary.LittleEndian.PutUint64(b[16:], 1<<63+5); return reseal(b) },
			[]string{"9223372036854775813 ids", "10 bytes"}},
		{"largest id of two bytes", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[12:], 1<<16); return reseal(b) },
			[]string{"largest id 65536", "2 bytes"}},
		{"negative largest id", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[12:], 1<<31); return reseal(b) },
			[]string{"largest id 2147483648"}},
		{"ids", func(b []byte) []byte { b[64] ^= 1; return b }, []string{"checksum of the ids", "damaged"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bad.tokens")
			os.WriteFile(path, c.change(slices.Clone(good)), 0o644)
			_, err := data.OpenCorpus(path)
			wantError(t, err, append(c.words, "data: corpus: ", "bad.tokens")...)
		})
	}
	_, err := data.OpenCorpus(t.TempDir())
	wantError(t, err, "want a regular file")
	_, err = data.OpenCorpus("nope")
	wantError(t, err, "nope", "no such file")
}

func TestIDAboveTheLargest(t *testing.T) {
	b := tokenFile(t)
	binary.LittleEndian.PutUint32(b[12:], 'l') // o, the last id of hello, is above l
	path := filepath.Join(t.TempDir(), "bad.tokens")
	os.WriteFile(path, reseal(b), 0o644)
	c := must[*data.Corpus](t)(data.OpenCorpus(path))
	defer c.Close()
	wantError(t, c.Tokens(make([]int32, 5), 0), "id 111 at position 4", "108")
}

func FuzzTokenFile(f *testing.F) {
	good := tokenFile(f)
	f.Add(good)
	f.Add(good[:64])
	f.Add([]byte("GGFTOKEN"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "tokens")
		if len(b) >= 64 {
			b = reseal(b) // otherwise the checksum would reject nearly every change before the other checks
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := data.OpenCorpus(path)
		if err != nil {
			return
		}
		defer c.Close()
		if c.Len() > len(b)/2 {
			t.Fatalf("got %d ids out of %d bytes", c.Len(), len(b))
		}
		ids := make([]int32, c.Len())
		if err := c.Tokens(ids, 0); err == nil && len(ids) > 0 && (slices.Min(ids) < 0 || slices.Max(ids) > c.MaxID()) {
			t.Fatalf("got ids of %d … %d, want 0 … %d", slices.Min(ids), slices.Max(ids), c.MaxID())
		}
	})
}

func TestSplit(t *testing.T) {
	c := must[*data.Corpus](t)(data.NewCorpus(count(t, 10)))
	first, rest, err := c.Split(0.9)
	if err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, first); !slices.Equal(got, count(t, 9)) {
		t.Errorf("got %v for training, want 0 … 8", got)
	}
	if got := readAll(t, rest); !slices.Equal(got, []int32{9}) {
		t.Errorf("got %v for validation, want 9", got)
	}
	wantError(t, first.Tokens(make([]int32, 2), 8), "2 tokens from position 8", "0 … 9")
	wantError(t, rest.Tokens(make([]int32, 1), -1), "position -1")
	for _, f := range []float64{0, 1, -1, 0.01, 2} {
		_, _, err := c.Split(f)
		wantError(t, err, "split of 10 tokens")
	}
}

func TestClosedCorpus(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	os.WriteFile(path, tokenFile(t), 0o644)
	c := must[*data.Corpus](t)(data.OpenCorpus(path))
	part, _, err := c.Split(0.5)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, part.Tokens(make([]int32, 1), 0), "closed")
	wantError(t, c.Verify(), "closed")
	if err := c.Close(); err != nil {
		t.Errorf("got error %v at the second Close, want none", err)
	}
}

func TestNegativeID(t *testing.T) {
	_, err := data.NewCorpus([]int32{1, 2, -3})
	wantError(t, err, "id -3 at position 2")
}
