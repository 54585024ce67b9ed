package data_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
