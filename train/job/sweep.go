package job

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// Sweep is a flag of lists of values of other flags, separated by spaces: lr=1e-3,3e-4 decay=0,0.1. Given twice, it adds lists. See
// RunSweep.
type Sweep string

// String implements flag.Value.
func (s *Sweep) String() string { return string(*s) }

// Set implements flag.Value.
func (s *Sweep) Set(text string) error {
	all := Sweep(strings.TrimSpace(string(*s) + " " + text))
	if _, err := all.axes(); err != nil {
		return err
	}
	*s = all
	return nil
}

// axis is a flag and its values.
type axis struct {
	name   string
	values []string
}

func (s Sweep) axes() (all []axis, err error) {
	for word := range strings.FieldsSeq(string(s)) {
		name, list, ok := strings.Cut(word, "=")
		name = strings.TrimLeft(name, "-")
		a := axis{name, strings.Split(list, ",")}
		switch {
		case !ok || name == "" || slices.Contains(a.values, ""):
			return nil, errors.Errorf("%q is no list of values: want flag=value,value, such as lr=1e-3,3e-4", word)
		case slices.ContainsFunc(all, func(b axis) bool { return b.name == name }):
			return nil, errors.Errorf("it lists -%s twice: write all its values as %[1]s=value,value", name)
		}
		for i, v := range a.values {
			if slices.Contains(a.values[:i], v) {
				return nil, errors.Errorf("it lists %s=%s twice: leave one out", name, v)
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// combinations returns all combinations of one value of each axis. The last axis changes fastest.
func combinations(all []axis) (out [][]string) {
	out = [][]string{nil}
	for _, a := range all {
		var more [][]string
		for _, begin := range out {
			for _, v := range a.values {
				more = append(more, append(slices.Clone(begin), v))
			}
		}
		out = more
	}
	return out
}

// mostRuns bounds the runs of a sweep.
const mostRuns = 1000

// sweep is a running sweep.
type sweep struct {
	axes    []axis
	out     string   // folder above those of the runs
	program []string // the executable, the command and the flags of all runs
	w       io.Writer
}

// RunSweep runs a program once for each combination of the values in -sweep, one after another. It prints a table of the results and saves it as sweep.csv in -out. ran is
// false if f has no -sweep or an empty one. Each run is a process of its own: the executable of this one with the command ("" for none) and
// the flags that are set. Its folder is below -out and named after the values. A run that has begun is resumed, so that the same command
// continues an interrupted sweep. The runs that fail do not end the sweep, but are an error at the end.
func RunSweep(f *flag.FlagSet, command string, w io.Writer) (ran bool, err error) {
	flagOf := f.Lookup("sweep")
	if flagOf == nil || flagOf.Value.String() == "" {
		return false, nil
	}
	defer func() { err = errors.WithMessage(err, "-sweep") }()
	if _, ok := mpi.Launched(); ok {
		return true, errors.New("under mpirun every rank would begin the runs: start it without mpirun")
	}
	s := sweep{w: w, out: f.Lookup("out").Value.String()}
	if s.axes, err = Sweep(flagOf.Value.String()).axes(); err != nil {
		return true, err
	}
	if s.program, err = programOf(f, command, s.axes); err != nil {
		return true, err
	}
	if err := s.check(f); err != nil {
		return true, err
	}
	return true, s.run()
}

// programOf returns the executable, the command and the flags that are set, except -out and those of the sweep.
func programOf(f *flag.FlagSet, command string, axes []axis) ([]string, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	words := []string{path}
	if command != "" {
		words = append(words, command)
	}
	f.Visit(func(x *flag.Flag) {
		swept := slices.ContainsFunc(axes, func(a axis) bool { return a.name == x.Name })
		if !swept && !slices.Contains([]string{"out", "sweep", "config", "resume"}, x.Name) {
			words = append(words, "-"+x.Name+"="+x.Value.String())
		}
	})
	return words, nil
}

// check sets every value once, so that a wrong one is an error before the first run.
func (s sweep) check(f *flag.FlagSet) error {
	n := 1
	for _, a := range s.axes {
		if n *= len(a.values); n > mostRuns {
			return errors.Errorf("more than %d runs: list fewer values", mostRuns)
		}
		if f.Lookup(a.name) == nil || !Recorded(a.name) {
			return errors.Errorf("-%s is no setting of a run%s", a.name, Suggest(a.name, slices.DeleteFunc(namesOf(f), func(n string) bool { return !Recorded(n) }), "-"))
		}
		for _, v := range a.values {
			if err := f.Set(a.name, v); err != nil {
				return errors.Wrapf(err, "-%s is %q", a.name, v)
			}
		}
	}
	return nil
}

// run runs all combinations and prints the table.
func (s sweep) run() error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	all := combinations(s.axes)
	failed, stopped := 0, false
	for i, values := range all {
		fmt.Fprintf(s.w, "run %d of %d: %s\n", i+1, len(all), s.name(values))
		err := s.one(values, signals, &stopped)
		if stopped {
			fmt.Fprintln(s.w, "the sweep is interrupted: give the same command again to continue")
			break
		}
		if err != nil {
			failed++
		}
	}
	if err := s.table(all); err != nil {
		return err
	}
	if failed > 0 {
		return errors.Errorf("%d of %d runs failed: their messages are above", failed, len(all))
	}
	return nil
}

// one runs one combination. A terminal sends Ctrl-C to the run, too; other signals are passed on.
func (s sweep) one(values []string, signals <-chan os.Signal, stopped *bool) error {
	dir := s.dir(values)
	args := append(slices.Clone(s.program[1:]), "-out="+dir)
	for i, a := range s.axes {
		args = append(args, "-"+a.name+"="+values[i])
	}
	if _, err := os.Stat(filepath.Join(dir, recordName)); err == nil {
		args = append(args, "-resume")
	}
	c := exec.Command(s.program[0], args...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, s.w, os.Stderr
	if err := c.Start(); err != nil {
		return errors.WithStack(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Wait() }()
	for {
		select {
		case sig := <-signals:
			*stopped = true
			_ = c.Process.Signal(relayed(sig)) // if the run has ended, there is nothing to stop
		case err := <-done:
			return errors.WithStack(err)
		}
	}
}

// relayed returns the signal for the run. A terminal sends Ctrl-C to the run too, but other programs send it to the sweep alone. So the run
// gets SIGHUP, which ends it in order and which, unlike a second Ctrl-C, is not an end at once.
func relayed(sig os.Signal) os.Signal {
	if sig == os.Interrupt {
		return syscall.SIGHUP
	}
	return sig
}

// name returns the values of a combination with their flags.
func (s sweep) name(values []string) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = s.axes[i].name + "=" + v
	}
	return strings.Join(parts, " ")
}

// dir returns the folder of a combination.
func (s sweep) dir(values []string) string {
	return filepath.Join(s.out, strings.NewReplacer(" ", "_", string(filepath.Separator), "-").Replace(s.name(values)))
}
