package flags_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// values holds the flags of the program below.
type values struct {
	data  string
	steps int
	rate  float64
	seed  uint64
	quiet bool
}

// example returns a program with one command. Its name may be "".
func example(name string, v *values, ran *bool) flags.Program {
	return flags.Program{Name: "sample", About: "Sample does nothing, at some length so that its text has to be wrapped on every screen.", Commands: []flags.Command{{
		Name: name, About: "learn from text", Example: "-data book.txt -steps 100 -rate 0.5",
		Flags: func(f *flags.Set) {
			f.Group("Data")
			f.StringVar(&v.data, "data", "", "`path` of the text to learn from: a file, a folder or a glob, .gz too (default: a book)")
			f.Group("Training")
			f.IntVar(&v.steps, "steps", 10, "number of steps")
			f.Float64Var(&v.rate, "rate", 1e-3, "learning rate")
			f.FlagSet.Uint64Var(&v.seed, "seed", 1, "seed")
			f.Group("Output")
			f.BoolVar(&v.quiet, "quiet", false, "print nothing")
		},
		Run: func() error { *ran = true; return nil },
	}}}
}

func TestParse(t *testing.T) {
	for args, want := range map[string]values{
		"train":                         {steps: 10, rate: 1e-3, seed: 1},
		"train -steps 3 -data a":        {data: "a", steps: 3, rate: 1e-3, seed: 1},
		"train --steps=3 -quiet":        {steps: 3, rate: 1e-3, seed: 1, quiet: true},
		"train -quiet=false -data=a=b":  {data: "a=b", steps: 10, rate: 1e-3, seed: 1},
		"train -rate -2 -seed 0x10":     {steps: 10, rate: -2, seed: 16},
		"train -data -steps -quiet=1":   {data: "-steps", steps: 10, rate: 1e-3, seed: 1, quiet: true},
		"train -steps 3 -steps 4 -data": {}, // an error
	} {
		var got values
		ran := false
		err := example("train", &got, &ran).Run(strings.Fields(args), new(bytes.Buffer))
		if (want == values{}) != (err != nil) || ran != (err == nil) || err == nil && got != want {
			t.Errorf("%s: got %+v, ran %v, error %v, want %+v", args, got, ran, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for args, want := range map[string]string{
		"":                    `no command "": the commands are train, help and version`,
		"tarin":               `no command "tarin" (did you mean "train"?): the commands are`,
		"vers":                `(did you mean "version"?)`,
		"evaluate":            `no command "evaluate": the commands are`,
		"help tarin":          `(did you mean "train"?)`,
		"help train now":      `help takes one command, got ["train" "now"]`,
		"train -stpes 3":      `no flag -stpes (did you mean "-steps"?): go run ./examples/sample train -h lists the flags`,
		"train -Steps 3":      `(did you mean "-steps"?)`,
		"train -x":            `no flag -x: `,
		"train -":             `unexpected argument "-"`,
		"train --":            `unexpected argument "--"`,
		"train steps=3":       `unexpected argument "steps=3" (did you mean "-steps"?)`,
		"train -quiet no":     `unexpected argument "no"`,
		"train -quiet=no":     `-quiet is "no", want true or false`,
		"train -data":         `-data needs a value, such as -data PATH`,
		"train -steps":        `-steps needs a value, such as -steps 10`,
		"train -steps 1e3":    `-steps is "1e3", want a whole number`,
		"train -steps 1e999":  `-steps is 1e999, want a whole number of at most 9223372036854775807`,
		"train -seed -1":      `-seed is "-1", want a whole number of at least 0`,
		"train -rate NaN":     `-rate is NaN, want a finite number`,
		"train -rate -inf":    `-rate is -inf, want a finite number`,
		"train -rate 1e999":   `-rate is 1e999, want a number of at most 1.8e308`,
		"train -rate=":        `-rate is "", want a number`,
		"train -rate=0.1\n\n": `-rate is "0.1\n\n", want a number`,
	} {
		var v values
		ran := false
		err := example("train", &v, &ran).Run(strings.FieldsFunc(args, func(r rune) bool { return r == ' ' }), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || ran {
			t.Errorf("%q: got error %v, ran %v, want one line with %q", args, err, ran, want)
		}
	}
}

// TestHelp: every way to ask for help prints the same page of 80 columns, with the groups in order of declaration.
func TestHelp(t *testing.T) {
	var v values
	ran := false
	var first string
	for _, args := range []string{"train -h", "train -help", "train --help", "train -steps 3 -h", "help train"} {
		var w bytes.Buffer
		if err := example("train", &v, &ran).Run(strings.Fields(args), &w); err != nil || ran {
			t.Fatalf("%s: got error %v, ran %v", args, err, ran)
		}
		if first == "" {
			first = w.String()
		}
		if args != "train -steps 3 -h" && w.String() != first {
			t.Errorf("%s: got\n%s\nwant\n%s", args, w.String(), first)
		}
	}
	at := 0
	for _, want := range []string{
		"Learn from text.\n", "\nUsage:\n  go run ./examples/sample train [flags]\n",
		"\nExample:\n  go run ./examples/sample train -data book.txt -steps 100 -rate 0.5\n",
		"\nData:\n  -data PATH  ", "(default: a book)\n", "\nTraining:\n  -steps N  ", "number of steps (default 10)\n", "  -rate X  ", "(default 0.001)\n",
		"  -seed N  ", "\nOutput:\n  -quiet  ",
	} {
		i := strings.Index(first[at:], want)
		if i < 0 {
			t.Fatalf("got no %q after byte %d of\n%s", want, at, first)
		}
		at += i
	}
	for line := range strings.Lines(first) {
		if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > 80 {
			t.Errorf("got a line of %d columns, want at most 80: %s", w, line)
		}
	}
}

func TestOneCommand(t *testing.T) {
	var v values
	ran := false
	p := example("", &v, &ran)
	if err := p.Run([]string{"-steps", "4"}, new(bytes.Buffer)); err != nil || !ran || v.steps != 4 {
		t.Errorf("got error %v, ran %v, %d steps, want 4 steps", err, ran, v.steps)
	}
	if err := p.Run([]string{"more"}, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), `unexpected argument "more"`) {
		t.Errorf("got error %v, want one that names the argument", err)
	}
	for _, args := range []string{"version", "-version", "--version"} {
		var w bytes.Buffer
		if err := p.Run([]string{args}, &w); err != nil || !strings.HasPrefix(w.String(), "sample ") || !strings.Contains(w.String(), "go1.") || !strings.Contains(w.String(), "kernels: "+kernel.Describe()) {
			t.Errorf("%s: got %q and error %v, want the versions of program and Go, and the kernels", args, w.String(), err)
		}
	}
}
