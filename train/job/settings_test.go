package job_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestSettings resumes with another value for every flag.
func TestSettings(t *testing.T) {
	inFolder(t)
	text := emptyText(t)
	mustRun(t, newProgram(), "-warmup 2 -data "+text)
	whole := files(t, "out")
	for _, c := range []struct{ flag, then, now, kind string }{
		{"batch", "4", "3", "change"}, {"lr", "0.1", "0.2", "change"}, {"min-lr", `""`, "0.01", "change"}, {"warmup", "2", "1", "change"},
		{"decay", "0", "0.1", "change"}, {"beta2", "0.99", "0.9", "change"}, {"clip", "1", "2", "change"}, {"micro-batches", "1", "2", "change"},
		{"eval-tokens", "0", "10", "change"},
		{"vocab", "8", "9", "fixed"}, {"seed", "1", "2", "fixed"},
		{"steps", "12", "13", "free"}, {"eval-every", "4", "5", "free"}, {"sample-every", "0", "1", "free"}, {"patience", "0", "9", "free"},
		{"keep", "2", "3", "free"}, {"data", text, "b.txt", "free"}, // both files have the same content
	} {
		os.RemoveAll("copy")
		if err := os.CopyFS("copy", os.DirFS("out")); err != nil {
			t.Fatal(err)
		}
		args := "-resume -out copy -" + c.flag + " " + c.now
		finished, err := newProgram().run(args)
		if c.kind == "free" {
			if err != nil || !finished {
				t.Errorf("%s: finished %v, error %v", args, finished, err)
			}
			continue
		}
		wantError(t, err, "run in copy", "-"+c.flag+" is "+c.then+" in the run and "+c.now+" here")
		sameFiles(t, files(t, "copy"), whole)
		p := newProgram()
		if finished, err = p.run(args + " -change " + c.flag); c.kind == "fixed" {
			wantError(t, err, "-change names "+c.flag+", which cannot change")
		} else if err != nil || !finished || !strings.Contains(p.said.String(), "changed: -"+c.flag) {
			t.Errorf("%s with -change: finished %v, error %v, said %q", args, finished, err, p.said.String())
		}
	}
	_, err := newProgram().run("-resume -lr 0.3 -batch 2 -change batch")
	wantError(t, err, "-lr is 0.1 in the run and 0.3 here: leave it out, or allow it with -change lr")
	_, err = newProgram().run("-resume -change speed")
	wantError(t, err, "speed, which is no flag")
	_, err = newProgram().run("-out new -change lr")
	wantError(t, err, "no run is resumed")
}

// TestOtherRun resumes with other data, another tokenizer, another program and in folders without a run.
func TestOtherRun(t *testing.T) {
	inFolder(t)
	text := emptyText(t)
	mustRun(t, newProgram(), "-data "+text)
	whole := files(t, "out")
	for _, c := range []struct {
		args  string
		set   func(*program)
		words []string
	}{
		{"-resume", func(p *program) { p.ids = slices.Clone(p.ids); p.ids[9]++ }, []string{"the data have key", "the run began with", "the files have changed", "-change data"}},
		{"-resume -data b.txt", func(p *program) { p.ids = slices.Clone(p.ids); p.ids[399]++ }, []string{"-data is " + text + " in the run and b.txt here"}},
		{"-resume", func(p *program) { p.tokenizer = "other" }, []string{"the tokenizer has fingerprint", "the run's has"}},
		{"-resume", func(p *program) { p.name = "other" }, []string{`program "test" began the run, this is "other"`}},
		{"-resume -out typo", func(*program) {}, []string{"run in typo", "no run to resume"}},
		{"-resume -out a/b/typo", func(*program) {}, []string{"no run to resume"}},
		{"", func(*program) {}, []string{"12 steps", "-resume", "another -out"}},
	} {
		p := newProgram()
		c.set(p)
		_, err := p.run(c.args)
		wantError(t, err, c.words...)
		sameFiles(t, files(t, "out"), whole)
	}
	if left, _ := os.ReadDir("."); len(left) != 1 {
		t.Errorf("got %v left, want the run alone", left)
	}
	p := newProgram()
	p.ids = slices.Clone(p.ids)
	p.ids[9]++
	mustRun(t, p, "-resume -change data -steps 14")
	for _, name := range []string{"config.json", "model.safetensors", "log.csv", "checkpoints/x"} {
		os.RemoveAll("foreign")
		os.MkdirAll(filepath.Dir(filepath.Join("foreign", name)), 0o777)
		os.WriteFile(filepath.Join("foreign", name), []byte("mine"), 0o666)
		_, err := newProgram().run("-out foreign")
		wantError(t, err, "holds", strings.Split(name, "/")[0], "another -out")
		if text, _ := os.ReadFile(filepath.Join("foreign", name)); string(text) != "mine" {
			t.Errorf("%s is lost", name)
		}
	}
}

// TestBeforeFirstCheckpoint: a run that was killed before its first checkpoint resumes with its settings, and starts over without
// -resume.
func TestBeforeFirstCheckpoint(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-lr 0.3")
	want := files(t, "out")
	for _, args := range []string{"-resume", "-lr 0.3"} {
		os.RemoveAll("out/checkpoints")
		os.Remove("out/model.safetensors")
		os.WriteFile("out/log.csv", []byte("step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n1,2,3,4,5,6,,\n2,2"), 0o666)
		p := newProgram()
		mustRun(t, p, args)
		sameFiles(t, files(t, "out"), want)
	}
	p := newProgram()
	p.Auto = true
	mustRun(t, p, "-out new")
	mustRun(t, p, "-out new -steps 13")
	if len(p.losses) != 1 {
		t.Errorf("took %d steps, want the run to resume by itself", len(p.losses))
	}
}

// TestModelWithoutCheckpoints: if the checkpoints of a folder were removed, a run does not overwrite its model.
func TestModelWithoutCheckpoints(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "")
	os.RemoveAll("out/checkpoints")
	want := files(t, "out")
	for _, args := range []string{"", "-resume", "-lr 0.3", "-resume -steps 20", "-dry-run"} {
		for _, auto := range []bool{false, true} {
			p := newProgram()
			p.Auto = auto
			_, err := p.run(args)
			wantError(t, err, "run in out", "checkpoints of its run are gone", "-out")
			sameFiles(t, files(t, "out"), want)
		}
	}
}

// TestLearning checks the settings against each other.
func TestLearning(t *testing.T) {
	inFolder(t)
	for args, want := range map[string]string{
		"-lr 1e-5":                            "",
		"-lr 1e-5 -min-lr 1e-4":               "-min-lr is 0.0001, want at most -lr, which is 1e-05",
		"-min-lr 0":                           "",
		"-min-lr -1":                          "-min-lr is -1",
		"-lr NaN":                             "-lr is NaN",
		"-lr Inf":                             "-lr is +Inf",
		"-min-lr x":                           "min-lr",
		"-steps 4":                            "",
		"-warmup 12":                          "-warmup is 12, want fewer than -steps, which is 12",
		"-warmup 100 -steps 100":              "-warmup is 100, want fewer than -steps",
		"-warmup 11":                          "",
		"-warmup 0":                           "",
		"-warmup -1":                          "-warmup is -1, want at least 0",
		"-micro-batches -1":                   "-micro-batches is -1, want at least 1",
		"-beta2 1":                            "-beta2 is 1",
		"-decay -1":                           "-decay is -1",
		"-clip -1":                            "-clip is -1",
		"-steps 0":                            "-steps is 0, want at least 1",
		"-eval-every 0":                       "-eval-every is 0",
		"-keep -1":                            "-keep is -1",
		"-patience -1":                        "-patience is -1",
		"-eval-tokens -1":                     "-eval-tokens is -1",
		"-sample-every -1":                    "-sample-every is -1",
		"-steps 9223372036854775807 -dry-run": "",
	} {
		os.RemoveAll("out")
		_, err := newProgram().run(args)
		if want == "" && err != nil {
			t.Errorf("%s: %v", args, err)
		} else if want != "" {
			wantError(t, err, want)
			if _, err := os.Stat("out"); err == nil {
				t.Errorf("%s: the folder is left", args)
			}
		}
	}
	for _, steps := range []int{1, 9, 100, 1000} {
		l := job.Learning{LR: 1e-5}
		rate, _, err := l.Rate(steps)
		if err != nil {
			t.Fatal(err)
		}
		for i := range steps {
			if r := rate(i); r > 1e-5 || r <= 0 {
				t.Errorf("step %d of %d has rate %v, want it within 0 … 1e-5", i, steps, r)
			}
		}
		if r := rate(steps); math.Abs(r-1e-6) > 1e-20 {
			t.Errorf("the last rate of %d steps is %v, want a tenth of the first", steps, r)
		}
	}
}

// TestPlan: a dry run of a new run and of a resumed run prints the figures and leaves no file.
func TestPlan(t *testing.T) {
	inFolder(t)
	p := newProgram()
	if _, err := p.run("-dry-run -out a/b"); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"dry run: a table on numbers, to a/b", "parameters   64, of which 64 are trained", "moments 520 B", "shapes       two of them", "a step", "FLOP",
		"12 steps and 3 evaluations", "checkpoints"} {
		if !strings.Contains(p.said.String(), word) {
			t.Errorf("printed %q, want it to have %q", p.said.String(), word)
		}
	}
	if left, _ := os.ReadDir("."); len(left) != 0 || p.at != 0 {
		t.Errorf("got %v left after step %d, want nothing and no step", left, p.at)
	}
	if _, err := p.run("-dry-run -out a/b -keep 0 -steps " + strconv.Itoa(math.MaxInt)); err != nil {
		t.Fatal(err)
	}
	if said := p.said.String(); strings.Contains(said, " -") {
		t.Errorf("printed %q, want no negative time or space", said)
	}
	mustRun(t, newProgram(), "-steps 8")
	want := files(t, "out")
	if _, err := p.run("-dry-run -resume -out out -steps 12"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.said.String(), "4 steps and 1 evaluation of") {
		t.Errorf("printed %q, want the steps that are left", p.said.String())
	}
	sameFiles(t, files(t, "out"), want)
}
