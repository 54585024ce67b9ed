package flagstest

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// OtherFolder trains in the current folder with arguments that name relative paths. It then resumes and scores the run from another
// folder, with only -out and -model. run.json must hold no relative path.
func OtherFolder(t *testing.T, program func(io.Writer) flags.Program, train string) {
	t.Helper()
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(home, "run")
	run := func(args string) {
		t.Helper()
		if err := program(io.Discard).Run(strings.Fields(args), io.Discard); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
	run("train -out run -steps 2 -eval-every 1 " + train)
	absolutePaths(t, program, out, train)
	t.Chdir(t.TempDir())
	run("train -resume -steps 3 -out " + out)
	absolutePaths(t, program, out, train)
	run("eval -model " + out)
	run("train -resume -steps 4 -out " + out)
	os.RemoveAll(out)
	t.Chdir(home)
}

// absolutePaths checks the flags of paths in run.json. The arguments must have set each to a file or a folder.
func absolutePaths(t *testing.T, program func(io.Writer) flags.Program, run, args string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(run, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var record struct{ Flags map[string]string }
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatal(err)
	}
	set, err := program(io.Discard).Flags("train")
	if err != nil {
		t.Fatal(err)
	}
	set.VisitAll(func(f *flag.Flag) {
		value := record.Flags[f.Name]
		if !isPath(f) || value == "" && !strings.Contains(args, "-"+f.Name+" ") {
			return
		}
		if found, err := filepath.Glob(value); !filepath.IsAbs(value) || len(found) == 0 {
			t.Errorf("-%s is %q in run.json (%v), want an absolute path of files", f.Name, value, err)
		}
	})
	if value := record.Flags["tokenizer"]; strings.Contains(args, "-tokenizer ") && !filepath.IsAbs(value) {
		t.Errorf("-tokenizer is %q in run.json, want an absolute path", value)
	}
}

// isPath reports whether the help of a flag calls its value a path.
func isPath(f *flag.Flag) bool {
	for _, sign := range []string{"`path`", "`file`", "`folder`"} {
		if strings.Contains(f.Usage, sign) {
			return true
		}
	}
	return false
}

// Wrapped yields copies of a model folder whose tensors have the names that wrappers of PyTorch give.
func Wrapped(t *testing.T, model string) func(yield func(dir string) bool) {
	t.Helper()
	weights, err := checkpoints.Read(filepath.Join(model, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(string) bool) {
		for _, prefix := range []string{"", "_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module.", "_fsdp_wrapped_module."} {
			dir := filepath.Join(t.TempDir(), "model")
			if err := os.CopyFS(dir, os.DirFS(model)); err != nil {
				t.Fatal(err)
			}
			renamed := func(yield func(string, *tensor.Dense) bool) {
				for name, x := range weights {
					if !yield(prefix+name, x) {
						return
					}
				}
			}
			if err := checkpoints.Write(filepath.Join(dir, "model.safetensors"), renamed, nil); err != nil {
				t.Fatal(err)
			}
			if !yield(dir) {
				return
			}
		}
	}
}
