package flags_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestConfig runs a program with the flags of a file. Errors are those of the command line.
func TestConfig(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, want := range map[string]string{
		"steps = 7\nlr = 0.5\nout = \"b\"": "",
		"stepz = 7":                        `a.toml sets "stepz", which is no flag (did you mean "steps"?)`,
		"steps = 7.5":                      `-steps is "7.5", want a whole number`,
		"lr = inf":                         "-lr is +Inf, want a finite number",
		"schedule = \"wds\"":               `-schedule is "wds": no schedule "wds" (did you mean "wsd"?)`,
		"":                                 "sets no flag",
	} {
		if err := os.WriteFile("a.toml", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var o job.Options
		var l job.Learning
		ran := false
		p := flags.Program{Name: "sample", Commands: []flags.Command{{
			Name: "train", Flags: func(f *flags.Set) { o.Flags(f); l.Flags(f) }, Run: func() error { ran = true; return nil },
		}}}
		err := p.Run(strings.Fields("train -out a -config a.toml"), io.Discard)
		switch {
		case want == "" && (err != nil || !ran || o.Steps != 7 || l.LR != 0.5 || o.Out != "a"):
			t.Errorf("%s: got error %v, ran %t, %+v", text, err, ran, o)
		case want != "" && (err == nil || ran || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got error %v, want %q", text, err, want)
		}
	}
}

// TestTexts sets a flag of texts.
func TestTexts(t *testing.T) {
	t.Chdir(t.TempDir())
	var texts flags.Texts
	if err := texts.Set("a=x.txt, b=/y"); err != nil || len(texts) != 2 || texts[1] != (flags.Text{Name: "b", Path: "/y"}) || !strings.HasSuffix(texts[0].Path, "/x.txt") {
		t.Errorf("got %v, error %v", texts, err)
	}
	if err := texts.Check("eval-data"); err == nil || !strings.Contains(err.Error(), "-eval-data is") {
		t.Errorf("got error %v, want one for the missing text", err)
	}
	for bad, want := range map[string]string{"x": "no name=path", "a=1,a=2": `called "a"`, "=x": "no name=path"} {
		if err := texts.Set(bad); err == nil || !strings.Contains(err.Error(), want) || len(texts) != 2 {
			t.Errorf("%s: got error %v and %v", bad, err, texts)
		}
	}
}
