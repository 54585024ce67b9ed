package prompts_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
)

// ask answers every text of the input except "bad". It returns the texts, the screen and the error.
func ask(in string, terminal bool) (texts []string, screen, failed string) {
	var w strings.Builder
	err := prompts.Prompts{Name: "gpt", In: strings.NewReader(in), Screen: &w, Terminal: terminal}.Each(func(_ context.Context, text string) error {
		if text == "bad" {
			return errors.New("no answer")
		}
		texts = append(texts, text)
		return nil
	})
	if err != nil {
		failed = err.Error()
	}
	return texts, w.String(), failed
}

func TestEach(t *testing.T) {
	for _, c := range []struct {
		name, in   string
		terminal   bool
		texts      []string
		screen     string
		errorWords string
	}{
		{"a pipe", "one\r\n\n두 줄\nlast", false, []string{"one", "", "두 줄", "last"}, "", ""},
		{"an empty pipe", "", false, nil, "", "standard input has no lines: give -prompt TEXT"},
		{"an error in a pipe", "one\nbad\nthree\n", false, []string{"one"}, "", "standard input: line 2: no answer"},
		{"invalid UTF-8", "one\na\xff\n", false, []string{"one"}, "", "line 2: byte 2 is 0xff"},
		{"a terminal", "one\n\n두 줄\n", true, []string{"one", "두 줄"}, "> > > > \n", ""},
		{"an error on a terminal", "bad\n\xff\ntwo\n", true, []string{"two"}, "> gpt: no answer\n> gpt: byte 1 is 0xff, which is not UTF-8: want text in UTF-8\n> > \n", ""},
	} {
		texts, screen, failed := ask(c.in, c.terminal)
		if !slices.Equal(texts, c.texts) || screen != c.screen {
			t.Errorf("%s: got %q and screen %q, want %q and %q", c.name, texts, screen, c.texts, c.screen)
		}
		if (c.errorWords == "") != (failed == "") || !strings.Contains(failed, c.errorWords) {
			t.Errorf("%s: got error %q, want %q in it", c.name, failed, c.errorWords)
		}
	}
}

// TestEachAnswersAtOnce: each line is answered before the next is written.
func TestEachAnswersAtOnce(t *testing.T) {
	in, out := io.Pipe()
	answered := make(chan string)
	go func() {
		for _, s := range []string{"one", "two"} {
			_, _ = io.WriteString(out, s+"\n") // an error would fail the test below
			if got := <-answered; got != s {
				t.Errorf("got %q, want %q", got, s)
			}
		}
		out.Close()
	}()
	err := prompts.Prompts{In: in}.Each(func(_ context.Context, text string) error { answered <- text; return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// TestWhole cuts a text at every byte. The result never ends in part of a character.
func TestWhole(t *testing.T) {
	text := "aé한글 👩‍👧 z"
	for n := range len(text) + 1 {
		got := prompts.Whole(text[:n])
		if !utf8.ValidString(got) || strings.ContainsRune(got, utf8.RuneError) || !strings.HasPrefix(text, got) || n-len(got) >= utf8.UTFMax {
			t.Errorf("%q: got %q", text[:n], got)
		}
	}
	if got, want := prompts.Whole("a\xffb\xc3"), "a\uFFFDb"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
