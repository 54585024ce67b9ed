package data_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

func TestReadLabelled(t *testing.T) {
	dir := t.TempDir()
	want := []data.LabelledText{{"so \"good\", really", "1"}, {"나쁘다", "0"}}
	for name, c := range map[string]struct {
		text string
		data.Columns
	}{
		"tab":    {"text\tlabel\nso \"good\", really\t1\n\n 나쁘다 \t0\n", data.Columns{Header: true, Label: 1}},
		"csv":    {"\"1\",\"so \"\"good\"\", really\"\n\"0\",나쁘다\n", data.Columns{Separator: ",", Text: 1}},
		"third":  {"7\tso \"good\", really\t1\n8\t나쁘다\t0", data.Columns{Text: 1, Label: 2}},
		"rest":   {"1 so \"good\", really\n0 나쁘다", data.Columns{Separator: " ", Most: 2, Text: 1}},
		"euc-kr": {"so \"good\", really\t1\n\xb3\xaa\xbb\xda\xb4\xd9\t0\n", data.Columns{Encoding: must[textfile.Encoding](t)(textfile.ParseEncoding("euc-kr")), Label: 1}},
		"double": {"1 ::: so \"good\", really\n0 ::: 나쁘다", data.Columns{Separator: ":::", Text: 1}},
	} {
		got := must[[]data.LabelledText](t)(data.ReadLabelled(writeFile(t, dir, name, c.text), c.Columns))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := data.Labels(append(want, want...)); !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("labels: got %q, want 0 and 1", got)
	}
}

func TestReadLabelledErrors(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, dir, "rows.tsv", "a\t1\n\nb\nc\t")
	_, err := data.ReadLabelled(file, data.Columns{Label: 1})
	wantError(t, err, "rows.tsv:3", "1 columns", "at least 2")
	_, err = data.ReadLabelled(writeFile(t, dir, "label.tsv", "a\t1\nc\t"), data.Columns{Label: 1})
	wantError(t, err, "label.tsv:2", "label in column 1 is empty")
	_, err = data.ReadLabelled(writeFile(t, dir, "rows.csv", "a,1\n\"b,1\n"), data.Columns{Separator: ",", Label: 1})
	wantError(t, err, "rows.csv", "line 2")
	_, err = data.ReadLabelled(file, data.Columns{Text: 1, Label: 1})
	wantError(t, err, "two different columns")
	_, err = data.ReadLabelled(file, data.Columns{Most: -1, Label: 1})
	wantError(t, err, "rows.tsv", "at most -1 columns")
	_, err = data.ColumnNames(writeFile(t, dir, "empty.tsv", "\n"), data.Columns{})
	wantError(t, err, "empty.tsv", "empty")
	_, err = data.ColumnNames(filepath.Join(dir, "none"), data.Columns{})
	wantError(t, err, "none")
	_, err = data.ReadLabelled(filepath.Join(dir, "none"), data.Columns{Label: 1})
	wantError(t, err, "none")
}

func TestReadColumn(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir, "rows.tsv", "id\ttext\n1\t a b \n\n2\t\n3\tc\td\n")
	got := must[[]string](t)(data.ReadColumn(path, data.Columns{Header: true, Text: 1}))
	if want := []string{"a b", "", "c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	_, err := data.ReadColumn(path, data.Columns{Text: 2})
	wantError(t, err, "data: column", "rows.tsv:1", "2 columns, want at least 3")
	_, err = data.ReadColumn(path, data.Columns{Text: -1})
	wantError(t, err, "column -1")
	_, err = data.ReadColumn(filepath.Join(dir, "none"), data.Columns{})
	wantError(t, err, "none")
}

func TestColumnNames(t *testing.T) {
	for text, c := range map[string]data.Columns{"text\t the label \nA\tB\n": {}, "text,\"the label\"\nA,B\n": {Separator: ","}} {
		got := must[[]string](t)(data.ColumnNames(writeFile(t, t.TempDir(), "names", text), c))
		if !slices.Equal(got, []string{"text", "the label"}) {
			t.Errorf("%q: got %q, want text and the label", text, got)
		}
	}
}

func TestEncodeRows(t *testing.T) {
	text := []data.LabelledText{{"ab", "yes"}, {"", "no"}}
	rows := must[data.Rows](t)(data.EncodeRows(text, runes{}, []string{"no", "yes"}))
	if len(rows) != 2 || rows[0].Class != 1 || rows[1].Class != 0 || len(rows[0].IDs) != 2 || len(rows[1].IDs) != 0 {
		t.Errorf("got %v", rows)
	}
	_, err := data.EncodeRows(text, runes{}, []string{"yes"})
	wantError(t, err, "row 1", `label "no"`, "yes")
}

// Published sets of labelled texts, in three layouts.
func TestReadLabelledPublished(t *testing.T) {
	for _, c := range []struct {
		name   string
		rows   int
		labels []string
		data.Columns
	}{
		{"sst2/dev.tsv", 6735, []string{"0", "1"}, data.Columns{Header: true, Label: 1}},
		{"agnews/test.csv", 7600, []string{"1", "2", "3", "4"}, data.Columns{Separator: ",", Text: 2}},
		{"nsmc/ratings_test.rebuilt.txt.gz", 50000, []string{"0", "1"}, data.Columns{Header: true, Text: 1, Label: 2}},
	} {
		rows := must[[]data.LabelledText](t)(data.ReadLabelled(shared(t, "data", c.name), c.Columns))
		if labels := data.Labels(rows); len(rows) != c.rows || !slices.Equal(labels, c.labels) {
			t.Errorf("%s: got %d rows with labels %q, want %d with %q", c.name, len(rows), labels, c.rows, c.labels)
		}
	}
}
