package flagstest

import (
	"bytes"
	"flag"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// Huge gives every whole number of every command the largest values of its kind, in the current folder. Each run must succeed, or return a
// one-line error and leave no file behind. No run may allocate a gigabyte. Arguments with -dry-run, or a small model and a small text,
// keep the runs short. Huge skips the arguments in valid.
func Huge(t *testing.T, program func(io.Writer) flags.Program, args map[string]string, valid ...string) {
	for command, rest := range args {
		set, err := program(io.Discard).Flags(command)
		if err != nil {
			t.Fatal(err)
		}
		set.VisitAll(func(f *flag.Flag) {
			values := huge(f)
			if !sweep.All() {
				values = values[:min(len(values), 1)]
			}
			for _, value := range values {
				bad := "-" + f.Name + "=" + value
				if slices.Contains(valid, bad) {
					continue
				}
				line := append(strings.Fields(command+" "+rest), bad)
				t.Run(strings.Join(line, " "), func(t *testing.T) { runHuge(t, program, line) })
			}
		})
	}
}

// huge returns the largest values of a flag's kind, and numbers whose squares and products overflow.
func huge(f *flag.Flag) []string {
	g, ok := f.Value.(flag.Getter)
	if !ok {
		return nil
	}
	switch g.Get().(type) {
	case int:
		return []string{"9223372036854775807", "4611686018427387904", "4294967296"}
	case uint64:
		return []string{"18446744073709551615"}
	}
	return nil
}

// runHuge runs a program with a line of arguments.
func runHuge(t *testing.T, program func(io.Writer) flags.Program, line []string) {
	before := tree(t)
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	var w bytes.Buffer
	err := program(&w).Run(line, &w)
	runtime.ReadMemStats(&b)
	if n := b.TotalAlloc - a.TotalAlloc; n > 1<<30 {
		t.Errorf("got %d MB allocated, want less than 1024", n>>20)
	}
	if err == nil {
		return
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q, want one line", err)
	}
	if after := tree(t); !slices.Equal(before, after) {
		t.Errorf("%v: got the files %q, want %q", err, after, before)
	}
}
