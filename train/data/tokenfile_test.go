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
