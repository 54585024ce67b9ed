// Package tokentest holds the texts, tokenizers and checks that the tests of tokenize and trainer share.
package tokentest

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// RoundTrip checks that the ids of text decode to text, at once and as a stream, and that EncodeDetailed has the same ids.
func RoundTrip(t *testing.T, tok *tokenize.Tokenizer, text string) {
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
		streamed.WriteString(Must[string](t)(s.Write(id)))
	}
	streamed.WriteString(Must[string](t)(s.Flush()))
	if streamed.String() != text {
		t.Errorf("streamed: got %q, want %q", streamed.String(), text)
	}
}

// WantError checks that the text of err contains parts.
func WantError(t *testing.T, err error, parts ...string) {
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

// Must returns a function that returns the first result of a call. It ends the test if the call fails.
func Must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
