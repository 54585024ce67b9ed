package report_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/internal/textline"
	"github.com/gorgoformer/gorgoformer/train/report"
)

const head = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n"

func step(n int, loss float64) train.Report {
	return train.Report{Step: n, Loss: loss, GradNorm: 0.5, Rate: 1e-3, Tokens: 768, Elapsed: 100 * time.Millisecond}
}

func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want one with %q", err, w)
		}
	}
}

func openLog(t testing.TB, path string, at int) *report.Log {
	t.Helper()
	l, err := report.OpenLog(path, at, "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// writeLog writes the steps first … last with the loss 1/step, and an evaluation after every third step.
func writeLog(t testing.TB, l *report.Log, first, last int) {
	t.Helper()
	for i := first; i <= last; i++ {
		if err := l.Step(step(i, 1/float64(i))); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			if err := l.Evaluation(i, train.Evaluation{Loss: 2 / float64(i), Accuracy: 0.5}, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLogText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	writeLog(t, openLog(t, path, 0), 2, 3)
	want := "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n" +
		"2,0.5,0.5,0.001,768,0.1,,\n3,0.3333333333333333,0.5,0.001,768,0.1,,\n3,,,,,,0.6666666666666666,0.5\n"
	if got := read(t, path); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLogResumes(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.csv")
	writeLog(t, openLog(t, whole, 0), 1, 20)
	want := read(t, whole)
	for _, c := range []struct {
		name       string
		last, from int
		tail       string // incomplete line of a killed run
	}{
		{"where it ended", 12, 12, ""},
		{"before the end", 17, 12, ""},
		{"cut line", 12, 12, "13,0.0"},
		{"cut line that looks whole", 12, 12, "13,0.1,1,1,1,1,,"},
		{"from the beginning", 17, 0, ""},
		{"only steps to come", 0, 0, "1,0.0"},
		{"cut header", -1, 0, "step,lo"},
	} {
		path := filepath.Join(dir, c.name)
		if c.last >= 0 {
			writeLog(t, openLog(t, path, 0), 1, c.last)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(c.tail)
		f.Close()
		writeLog(t, openLog(t, path, c.from), c.from+1, 20)
		if got := read(t, path); got != want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, want)
		}
	}
}

func TestForeignLogs(t *testing.T) {
	for _, c := range []struct {
		text  string
		words []string
	}{
		{"a,b\n1,2\n", []string{"begins with", "no log"}},
		{"my diary", []string{"begins with", "no log"}},
		{head + "1,2\n", []string{"line 2", "2 columns, want 8"}},
		{head + "1,2,,,,,,\nx,2,,,,,,\n", []string{"line 3", `step "x"`}},
		{head + "1,2,,,,,," + strings.Repeat("0", textline.Most) + "\n", []string{"line 2", "bytes, want at most"}},
	} {
		path := filepath.Join(t.TempDir(), "log.csv")
		os.WriteFile(path, []byte(c.text), 0o644)
		_, err := report.OpenLog(path, 100, "")
		wantError(t, err, append(c.words, "report: log", "log.csv")...)
		if got := read(t, path); got != c.text {
			t.Errorf("got %q in the file after the error, want it unchanged", got)
		}
		_, err = report.ReadLog(path)
		wantError(t, err, append(c.words, "report: log", "log.csv")...)
	}
	path := filepath.Join(t.TempDir(), "log.csv")
	os.WriteFile(path, []byte(head+"1,much,,,,,,\n"), 0o644)
	_, err := report.ReadLog(path)
	wantError(t, err, "line 2", `loss "much"`)
	_, err = report.OpenLog(filepath.Join(t.TempDir(), "none", "log.csv"), 0, "")
	wantError(t, err, "none")
}

func TestReadLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	writeLog(t, openLog(t, path, 0), 1, 6)
	c, err := report.ReadLog(path)
	if err != nil {
		t.Fatal(err)
	}
	valid := []report.Point{{Step: 3, Value: 2.0 / 3}, {Step: 6, Value: 2.0 / 6}}
	if len(c.Train) != 6 || c.Train[3] != (report.Point{Step: 4, Value: 0.25}) || !slices.Equal(c.Valid, valid) {
		t.Errorf("got %+v", c)
	}
}

// TestScoreLog: a log with a score has its column, is cut like any other, and is refused as the log of another score.
func TestScoreLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	open := func(at int, score string) (*report.Log, error) { return report.OpenLog(path, at, score) }
	l, err := open(0, "HR@10")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		l.Step(step(i+1, 2))
		l.Evaluation(i+1, train.Evaluation{Loss: 1, Accuracy: 0.5}, float64(i)/8)
	}
	l.Close()
	if l, err = open(3, "HR@10"); err != nil {
		t.Fatal(err)
	}
	l.Close()
	want := head[:len(head)-1] + ",HR@10\n"
	for i := range 3 {
		want += fmt.Sprintf("%d,2,0.5,0.001,768,0.1,,,\n%[1]d,,,,,,1,0.5,%g\n", i+1, float64(i)/8)
	}
	if got := read(t, path); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c, err := report.ReadLog(path)
	if err != nil || c.Name != "HR@10" || !slices.Equal(c.Score, []report.Point{{Step: 1}, {Step: 2, Value: 0.125}, {Step: 3, Value: 0.25}}) || len(c.Valid) != 3 {
		t.Errorf("got %+v and error %v", c, err)
	}
	_, err = open(3, "")
	wantError(t, err, `has the score "HR@10", want ""`)
	_, err = open(3, "a,b")
	wantError(t, err, "without commas")
	if got := read(t, path); got != want {
		t.Errorf("the errors changed the log to %q", got)
	}
	for _, score := range []string{"BLEU", "", "HR@10"} { // the rows stay, with and without a score
		if _, err := report.RescueLog(path, score); err != nil {
			t.Fatal(err)
		}
		if l, err = open(3, score); err != nil {
			t.Fatal(err)
		}
		l.Close()
		if c, err := report.ReadLog(path); err != nil || len(c.Train) != 3 || len(c.Valid) != 3 || c.Name != score || len(c.Score) != 0 {
			t.Errorf("score %q: got %+v and error %v, want all rows without the other score", score, c, err)
		}
	}
}

func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	p := report.Progress{W: &b, Until: 40, Every: time.Hour}
	for i := 31; i <= 39; i++ {
		p.Step(step(i, 2.5))
	}
	p.Note("validation %d", 7)
	p.Done()
	got := strings.Split(strings.TrimSpace(b.String()), "\n")
	want := []string{"step 31/40  loss 2.5000  rate 1.00e-03  7,680 tokens/s", "validation 7",
		"step 39/40  loss 2.5000  rate 1.00e-03  7,680 tokens/s  0s left"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	b.Reset()
	endless := report.Progress{W: &b, Every: 1, Unit: "texts"}
	endless.Step(train.Report{Step: 1, Loss: 2, Tokens: 5, Elapsed: time.Second})
	endless.Done()
	if got, want := b.String(), "step 1  loss 2.0000  5 texts/s\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func ExampleLog() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	log, err := report.OpenLog(filepath.Join(dir, "log.csv"), 0, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	for i := 1; i <= 3; i++ { // in place of a Trainer's steps
		if err := log.Step(train.Report{Step: i, Loss: 1 / float64(i)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	curves, err := report.ReadLog(filepath.Join(dir, "log.csv"))
	fmt.Println(curves.Train, err)
	// Output: [{1 1} {2 0.5} {3 0.3333333333333333}] <nil>
}
