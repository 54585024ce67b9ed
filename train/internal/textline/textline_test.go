package textline_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/internal/textline"
)

// TestNext: of a line that is too long, only the beginning is kept, and the lines after it are whole.
func TestNext(t *testing.T) {
	const long = 5*textline.Most + 3
	r := bufio.NewReader(io.MultiReader(
		strings.NewReader("a\n"), io.LimitReader(endless{}, long), strings.NewReader("\n\nb\n"), io.LimitReader(endless{}, long)))
	for i, want := range []struct {
		begin  string
		kept   int
		length int64
		err    error
	}{{"a\n", 2, 2, nil}, {"xx", textline.Most, long + 1, nil}, {"\n", 1, 1, nil}, {"b\n", 2, 2, nil}, {"xx", textline.Most, long, io.EOF}, {"", 0, 0, io.EOF}} {
		text, length, err := textline.Next(r)
		if !strings.HasPrefix(string(text[:min(2, len(text))]), want.begin) || len(text) != want.kept || length != want.length || err != want.err {
			t.Errorf("line %d: got %d of %d bytes and %v, want %d of %d and %v", i, len(text), length, err, want.kept, want.length, want.err)
		}
		if long := length > textline.Most; (textline.Check(length) != nil) != long {
			t.Errorf("line %d of %d bytes: got %v", i, length, textline.Check(length))
		}
	}
}

// endless is a file without a line end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
