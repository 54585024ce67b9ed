package generate_test

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// bytes is a detokenizer whose ids are bytes of UTF-8; id 256 is an error.
type bytes struct{ kept []byte }

func (d *bytes) Write(id int32) (string, error) {
	if id > 255 {
		return "", errors.New("no such byte")
	}
	d.kept = append(d.kept, byte(id))
	if !utf8.FullRune(d.kept) {
		return "", nil
	}
	return d.Flush()
}

func (d *bytes) Flush() (string, error) {
	s := string(d.kept)
	d.kept = nil
	return s, nil
}

// stream yields ids, then end if it is not nil.
func stream(end error, ids ...int32) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
		if end != nil {
			yield(0, end)
		}
	}
}

func TestText(t *testing.T) {
	broken := errors.New("broken")
	ids := func(s string) []int32 {
		var out []int32
		for i := range len(s) {
			out = append(out, int32(s[i]))
		}
		return out
	}
	for _, c := range []struct {
		name string
		in   iter.Seq2[int32, error]
		want []string
		err  string
	}{
		{"characters", stream(nil, ids("aé→")...), []string{"a", "é", "→"}, ""},
		{"nothing", stream(nil), nil, ""},
		{"an unfinished character", stream(nil, append(ids("a"), 0xC3)...), []string{"a", "\xC3"}, ""},
		{"an error of the model", stream(broken, ids("ab")...), []string{"a", "b"}, "broken"},
		{"an error of the detokenizer", stream(nil, 'a', 256, 'b'), []string{"a"}, "no such byte"},
	} {
		var got []string
		var failed string
		for s, err := range generate.Text(c.in, &bytes{}) {
			if err != nil {
				failed = err.Error()
				continue
			}
			got = append(got, s)
		}
		if !slices.Equal(got, c.want) || failed != c.err {
			t.Errorf("%s: got %q and error %q, want %q and %q", c.name, got, failed, c.want, c.err)
		}
	}
	for s := range generate.Text(stream(nil, ids("abc")...), &bytes{}) {
		if s == "b" {
			break // an iterator that continues would panic
		}
	}
}
