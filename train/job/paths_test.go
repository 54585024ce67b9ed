package job_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// recordedFlags returns the flags in run.json.
func recordedFlags(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Flags map[string]string }
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r.Flags
}

// TestOtherFolder: a run resumes from any folder, because it keeps its paths absolute. The same path in another form is no change.
func TestOtherFolder(t *testing.T) {
	home, away := t.TempDir(), t.TempDir()
	t.Chdir(home)
	os.Mkdir("texts", 0o777)
	os.WriteFile("texts/a.txt", nil, 0o666)
	mustRun(t, newProgram(), "-data texts/*.txt -start texts/../begin")
	t.Chdir(away)
	out := filepath.Join(home, "out")
	for _, args := range []string{"", " -start " + filepath.Join(home, "begin"), " -data " + filepath.Join(home, "texts")} {
		p := newProgram()
		mustRun(t, p, "-resume -steps 13 -out "+out+args)
		if want := filepath.Join(home, "begin"); p.start != want {
			t.Errorf("%s: got -start %s, want %s", args, p.start, want)
		}
		data := filepath.Join(home, "texts", "*.txt")
		if args == " -data "+filepath.Join(home, "texts") {
			data = filepath.Join(home, "texts")
		}
		if f := recordedFlags(t, out); f["data"] != data || f["start"] != filepath.Join(home, "begin") {
			t.Errorf("%s: run.json has %v, want absolute paths", args, f)
		}
	}
	_, err := newProgram().run("-resume -start begin -out " + out)
	wantError(t, err, "-start is "+filepath.Join(home, "begin")+" in the run and begin here", "cannot change")
}

// TestMovedData: if the data of a run have moved, the error names the old path and the flag for the new one.
func TestMovedData(t *testing.T) {
	inFolder(t)
	os.WriteFile("a.txt", nil, 0o666)
	mustRun(t, newProgram(), "-data a.txt")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("a.txt", "b.txt"); err != nil {
		t.Fatal(err)
	}
	before := files(t, "out")
	_, err = newProgram().run("-resume")
	wantError(t, err, "run in out", "-data is "+filepath.Join(here, "a.txt")+" in the run", "does not exist", "name its new place with -data")
	sameFiles(t, files(t, "out"), before)
	if err := os.Rename("out", "elsewhere"); err != nil {
		t.Fatal(err)
	}
	mustRun(t, newProgram(), "-resume -steps 13 -data b.txt -out elsewhere")
	mustRun(t, newProgram(), "-resume -steps 14 -out elsewhere")
}

// TestRecall sets the flags of the data from a run, from any folder, and refuses the run of another program.
func TestRecall(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	os.WriteFile("a.txt", nil, 0o666)
	mustRun(t, newProgram(), "-data a.txt")
	t.Chdir(t.TempDir())
	recall := func(name, model string, args ...string) (data string, err error) {
		f, flags := newFlags(&data)
		if err := f.Parse(args); err != nil {
			t.Fatal(err)
		}
		flags.Name = name
		key, err := job.Recall(flags, model)
		if err == nil && key == "" {
			t.Error("got no key of the data")
		}
		return data, err
	}
	out := filepath.Join(home, "out")
	for _, model := range []string{out, filepath.Join(out, "checkpoints", "step-00000012")} {
		if data, err := recall("test", model); err != nil || data != filepath.Join(home, "a.txt") {
			t.Errorf("%s: got -data %s (%v), want the run's", model, data, err)
		}
	}
	if data, err := recall("test", out, "-data", "b"); err != nil || data != "b" {
		t.Errorf("got -data %s (%v), want that of the command line", data, err)
	}
	_, err := recall("other", out)
	wantError(t, err, `program "test" began it, this is "other"`)
	_, flags := newFlags(new(string))
	flags.Name, flags.Data = "test", []string{"data", "vocab"}
	_, err = job.Recall(flags, out)
	wantError(t, err, "the run of "+out, "names -vocab", "declares no such flag")
	os.Remove(filepath.Join(home, "a.txt"))
	_, err = recall("test", out)
	wantError(t, err, "the run of "+out, "-data is "+filepath.Join(home, "a.txt")+" in the run", "does not exist", "name the data to score with -data")
}

// newFlags returns a flag set of a program that reads the data of a run.
func newFlags(data *string) (*flag.FlagSet, job.Program) {
	f := flag.NewFlagSet("test", flag.ContinueOnError)
	f.StringVar(data, "data", "", "")
	return f, job.Program{Flags: f, Data: []string{"data"}, Paths: []string{"data"}}
}
