// Verify recomputes a step of a run that a training program has left, from the checkpoint before it, and reports whether the weights follow
// bit for bit. It shows that a model is the result of its data and settings.
//
//	go run ./examples/gpt train -data book.txt -out out/book
//	go run ./examples/verify -run out/book -step 200
//
// The run's own program recomputes the step, with -verify; Verify finds and starts it. The number of ranks and cores makes no difference:
//
//	mpirun -n 4 verify -run out/book -step 200
//
// Without -keep 0, a run keeps few checkpoints, and more steps are recomputed. The processor must compute the bits of the run's kernels: with
// AVX2 any such processor does, with -portable any with AVX2 or NEON.
package main

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/job"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

func main() { program(os.Stdout, os.Stderr).Main() }

const about = "Verify recomputes a step of a run from the checkpoint before it and reports whether the weights follow, bit for bit. " +
	"The program that began the run does the work; it is looked for next to verify, in PATH, and as source in ./examples."

// options holds the flags.
type options struct {
	run, program string
	step         int
}

func program(w, errs io.Writer) flags.Program {
	o := new(options)
	return flags.Program{Name: "verify", About: about, Commands: []flags.Command{
		{About: "recompute a step of a run", Example: "-run out/gpt -step 200", Flags: o.flags, Run: func() error { return o.verify(w, errs) }},
	}}
}

func (o *options) flags(f *flags.Set) {
	f.StringVar(&o.run, "run", o.run, "`folder` of the run, with run.json")
	f.IntVar(&o.step, "step", o.step, "`number` of the step to recompute")
	f.StringVar(&o.program, "program", o.program, "`file` of the program that began the run (default: found by its name)")
}

func (o *options) verify(w, errs io.Writer) error {
	switch {
	case o.run == "":
		return errors.New("-run is empty: want the folder of a run, such as -run out/gpt")
	case o.step < 1:
		return errors.Errorf("-step is %d, want at least 1", o.step)
	}
	name, err := job.ProgramOf(o.run)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Errorf("-run is %s, which holds no run.json: want the folder of a run", o.run)
	} else if err != nil {
		return err
	}
	call, err := o.call(name)
	if err != nil {
		return err
	}
	cmd := exec.Command(call[0], call[1:]...)
	cmd.Stdout, cmd.Stderr = w, errs
	if err := cmd.Run(); err != nil {
		return errors.Errorf("step %d of %s is not verified: %v; to give flags such as -data, run %s", o.step, o.run, err, strings.Join(call, " "))
	}
	return nil
}

// call returns the command that verifies a run of a program. The runs of rnn and positions are in a folder with others, for which the
// program has one -out.
func (o *options) call(program string) ([]string, error) {
	name, command, _ := strings.Cut(program, " ")
	out := filepath.Clean(o.run)
	switch name {
	case "rnn": // DIR/TASK/MODEL
		out = filepath.Dir(filepath.Dir(out))
	case "positions": // DIR/SCHEME
		out = filepath.Dir(out)
	default:
		command = "train"
	}
	start, err := o.find(name)
	if err != nil {
		return nil, err
	}
	if command != "" {
		start = append(start, command)
	}
	start = append(start, "-verify", strconv.Itoa(o.step), "-out", out)
	if name == "positions" {
		start = append(start, "-schemes", filepath.Base(filepath.Clean(o.run)))
	}
	return start, nil
}

// find returns the words that start a program.
func (o *options) find(name string) ([]string, error) {
	if o.program != "" {
		return []string{o.program}, nil
	}
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	if own, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(own), file); isFile(path) {
			return []string{path}, nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return []string{path}, nil
	}
	source := "./" + filepath.ToSlash(filepath.Join("examples", name))
	if _, err := exec.LookPath("go"); err == nil && isFile(filepath.Join(source, "main.go")) {
		if _, ok := mpi.Launched(); ok {
			return []string{"go", "run", "-tags", "mpi", source}, nil
		}
		return []string{"go", "run", source}, nil
	}
	return nil, errors.Errorf("the run was begun by %q, which is neither next to verify, in PATH, nor in ./examples: name it with -program", name)
}

func isFile(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.Mode().IsRegular()
}
