package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// TestEncoding: a text in another encoding is an error that names the file and the offset. With -encoding it is read.
func TestEncoding(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model")
	o := small(t, out)
	line := "\xb0\xa1\xb3\xaa\xb4\xd9 \xb6\xf3\n" // 가나다 라
	if err := os.WriteFile(o.data, []byte(strings.Repeat(line, 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	o.Steps, o.EvalEvery = 2, 2
	if _, err := learn(o); err == nil || !strings.Contains(err.Error(), o.data) || !strings.Contains(err.Error(), "offset 0 is not UTF-8") {
		t.Errorf("got %v, want an error that names file and offset", err)
	}
	if err := o.encoding.UnmarshalText([]byte("cp949")); err != nil {
		t.Fatal(err)
	}
	if _, err := learn(o); err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := tok.VocabSize(); got != 6 {
		t.Errorf("got a vocabulary of %d, want 6 characters", got)
	}
	var score bytes.Buffer
	e := evaluation{model: out, data: o.data, encoding: o.encoding, batch: 4}
	if err := e.run(&score); err != nil || !strings.Contains(score.String(), "tokens 599") {
		t.Errorf("eval: got %q (%v), want all 600 characters except the first", score.String(), err)
	}
}

// TestWholePrompt: truncation and padding of a model's tokenizer.json do not apply to a prompt.
func TestWholePrompt(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model")
	o := small(t, out)
	o.Steps, o.EvalEvery = 2, 2
	if _, err := learn(o); err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	tok.Truncation, tok.Padding = &tokenize.Truncation{MaxLength: 2}, &tokenize.Padding{Length: 9}
	if err := tok.Save(out); err != nil {
		t.Fatal(err)
	}
	_, tok, err = open(out, false)
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := tok.Encode("the quick"); err != nil || len(ids) != 9 {
		t.Errorf("9 characters: got %d tokens (%v)", len(ids), err)
	}
	if ids, err := tok.Encode("the"); err != nil || len(ids) != 3 {
		t.Errorf("3 characters: got %d tokens (%v)", len(ids), err)
	}
}
