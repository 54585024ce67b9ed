package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/columns"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// reviews returns n lines of a text and a label. The last word of the text decides the label.
func reviews(n int) string {
	var b strings.Builder
	b.WriteString("text\tlabel\n")
	for i := range n {
		label, word := "good", "fine"
		if i*i%3 == 1 {
			label, word = "bad", "poor"
		}
		fmt.Fprintf(&b, "film number %d is %s\t%s\n", i%17, word, label)
	}
	return b.String()
}

// write writes a file into a new folder.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// small returns the options of a run of less than a second.
func small(t *testing.T) *options {
	t.Helper()
	o := defaults()
	o.data, o.Out = write(t, "reviews.tsv", reviews(200)), filepath.Join(t.TempDir(), "model")
	warmup := 5
	o.layers, o.heads, o.dim, o.batch.Rows, o.Steps, o.Warmup, o.EvalEvery, o.minCount = 1, 2, 16, 16, 60, &warmup, 20, 0
	return o
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, w)
		}
	}
}

// evaluate runs eval and returns its output.
func evaluate(t *testing.T, e evaluation) string {
	t.Helper()
	var out bytes.Buffer
	if err := e.run(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestTrainEvalPredict: the model learns a rule of one word; eval, predict and the labels of the texts agree.
func TestTrainEvalPredict(t *testing.T) {
	o := small(t)
	if _, err := learn(io.Discard, o); err != nil {
		t.Fatal(err)
	}
	scored := evaluate(t, evaluation{format: o.format, model: o.Out, data: o.data, batch: 7})
	if !strings.Contains(scored, "accuracy 1.0000 texts 200") {
		t.Errorf("got %q, want all right", scored)
	}
	var texts, labels []string
	for line := range strings.Lines(reviews(200)) {
		text, label, _ := strings.Cut(strings.TrimSpace(line), "\t")
		texts, labels = append(texts, text), append(labels, label)
	}
	var out bytes.Buffer
	if err := (&prediction{model: o.Out}).run(&out, strings.NewReader(strings.Join(texts[1:], "\n"))); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 200 {
		t.Fatalf("got %d lines, want 200", len(lines))
	}
	for i, line := range lines {
		if f := strings.Split(line, "\t"); f[0] != labels[i+1] || f[2] != texts[i+1] {
			t.Errorf("got %q for %q, want %s", line, texts[i+1], labels[i+1])
		}
	}
	config, err := os.ReadFile(filepath.Join(o.Out, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		IDToLabel map[string]string `json:"id2label"`
	}
	if err := json.Unmarshal(config, &file); err != nil || file.IDToLabel["0"] != "bad" || file.IDToLabel["1"] != "good" {
		t.Errorf("got labels %v (%v), want bad and good", file.IDToLabel, err)
	}
}

// TestPredictOdd: an empty text, one of unknown words, one longer than the model sees and one with the start token all get a label.
func TestPredictOdd(t *testing.T) {
	o := small(t)
	if _, err := learn(io.Discard, o); err != nil {
		t.Fatal(err)
	}
	texts := "\n빠른 여우\n" + strings.Repeat("fine ", 1000) + "\n<s> poor"
	var out bytes.Buffer
	if err := (&prediction{model: o.Out}).run(&out, strings.NewReader(texts)); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 4 {
		t.Errorf("got %d lines %q, want 4", n, out.String())
	}
	out.Reset()
	if err := program(&out).Run([]string{"predict", "-model", o.Out, "-text", "film number 3 is poor"}, &out); err != nil || !strings.HasPrefix(out.String(), "bad\t") {
		t.Errorf("got %q (%v), want bad", out.String(), err)
	}
}

// TestFormats: the same texts in other layouts give the same scores.
func TestFormats(t *testing.T) {
	o := small(t)
	if _, err := learn(io.Discard, o); err != nil {
		t.Fatal(err)
	}
	want := evaluate(t, evaluation{format: o.format, model: o.Out, data: o.data, batch: 16})
	table, _ := strings.CutPrefix(reviews(200), "text\tlabel\n")
	var csv, spaced strings.Builder
	csv.WriteString("\"id\",\"review, in full\",sentiment\n")
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		text, label, _ := strings.Cut(line, "\t")
		fmt.Fprintf(&csv, "%d,\"%s\",%s\n", i, text, label)
		fmt.Fprintf(&spaced, "%s:fine %s\n", label, text)
	}
	latin1, err := textfile.ParseEncoding("iso-8859-1")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content string
		format
	}{
		"numbers.tsv": {table, format{text: "0", label: "1"}},
		"header.txt":  {reviews(200), format{text: "0", label: "1", Format: columns.Format{Header: true}}},
		"named.csv":   {csv.String(), format{text: "review, in full", label: "sentiment"}},
		"labels.txt":  {spaced.String(), format{text: "1", label: "0", labelUntil: ":", Format: columns.Format{Separator: " ", Encoding: latin1}}},
	} {
		if got := evaluate(t, evaluation{format: c.format, model: o.Out, data: write(t, name, c.content), batch: 16}); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestBadData(t *testing.T) {
	for name, c := range map[string]struct {
		change func(o *options)
		words  []string
	}{
		"missing column": {func(o *options) { o.text = "review" }, []string{`-text-column is "review"`, `"text"`, "reviews.tsv"}},
		"label's column": {func(o *options) { o.label = "-1" }, []string{`-label-column is "-1"`}},
		"far column":     {func(o *options) { o.label = "7" }, []string{"reviews.tsv:2", "want at least 8"}},
		"one column":     {func(o *options) { o.label = "text" }, []string{"two different columns"}},
		"unknown label":  {func(o *options) { o.test = write(t, "test.tsv", "text\tlabel\nso-so\tmeh\n") }, []string{"texts to test", "row 0", `"meh"`, `"bad" "good"`}},
		"one class":      {func(o *options) { o.data = write(t, "one.tsv", "text\tlabel\n"+strings.Repeat("a\tx\n", 50)) }, []string{`"x"`, "at least two labels"}},
		"empty label":    {func(o *options) { o.data = write(t, "empty.tsv", "text\tlabel\na\t \n") }, []string{"empty.tsv:2", "empty"}},
		"no text":        {func(o *options) { o.data = write(t, "none.tsv", "text\tlabel\n") }, []string{"none.tsv", "no labelled text"}},
		"empty file":     {func(o *options) { o.data = write(t, "nothing.tsv", "") }, []string{"nothing.tsv", "empty"}},
		"nothing held":   {func(o *options) { o.heldOut = 0 }, []string{"-held-out 0", "holds 0 out"}},
		"no start":       {func(o *options) { o.vocabulary.Name = write(t, "tokenizer.json", plainTokenizer) }, []string{"no token for the beginning of a text", "cls_token or bos_token"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := small(t)
			c.change(o)
			_, err := learn(io.Discard, o)
			wantError(t, err, c.words...)
			if _, err := os.Stat(o.Out); err == nil {
				t.Errorf("%s was made", o.Out)
			}
		})
	}
}

const plainTokenizer = `{"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0, "?": 1}, "unk_token": "?"}}`

// TestByteOrderMark: the mark at the start of a file is part neither of a column's name nor of a label.
func TestByteOrderMark(t *testing.T) {
	o := small(t)
	o.data = write(t, "marked.tsv", "\ufefftext\tlabel\nso good\tgood\nso bad\tbad\nfine\tgood\n")
	o.valid = write(t, "marked.csv", "\ufeffgood,so good\nbad,so bad\n")
	rows, err := o.read(o.data)
	if err != nil || len(rows) != 3 {
		t.Errorf("got %v (%v), want 3 rows", rows, err)
	}
	rows, err = (&format{label: "0", text: "1"}).read(o.valid)
	if err != nil || len(rows) != 2 || rows[0].Label != "good" {
		t.Errorf("got %q (%v), want the labels good and bad", rows, err)
	}
}

// TestEmptyTexts: training and eval take empty texts.
func TestEmptyTexts(t *testing.T) {
	o := small(t)
	o.data = write(t, "empty.tsv", reviews(100)+"\tgood\n \tbad\n")
	if _, err := learn(io.Discard, o); err != nil {
		t.Fatal(err)
	}
	if got := evaluate(t, evaluation{format: o.format, model: o.Out, data: o.data, batch: 16}); !strings.Contains(got, "texts 102") {
		t.Errorf("got %s, want all 102 texts", got)
	}
}

// TestLibrary: the texts of the Go distribution have every label and no heading of a file.
func TestLibrary(t *testing.T) {
	all, err := library()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, x := range all {
		if count[x.Label]++; strings.HasPrefix(x.Text, "Copyright") || strings.Contains(x.Text, "\n") {
			t.Fatalf("got %q", x.Text)
		}
	}
	for _, part := range parts {
		if count[part] < 100 {
			t.Errorf("got %d texts of %s, want at least 100", count[part], part)
		}
	}
}
