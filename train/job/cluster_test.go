package job_test

import (
	"strings"
	"testing"
)

// TestClusterTable: a dry run with -ranks prints a line for each power of two, and wrong numbers are errors of one line.
func TestClusterTable(t *testing.T) {
	inFolder(t)
	p := newProgram()
	if _, err := p.run("-dry-run -ranks 6 -micro-batches 4 -link 2 -latency 10"); err != nil {
		t.Fatal(err)
	}
	said := p.said.String()
	at := strings.Index(said, "a link of 2 GB/s, 10 µs")
	if at < 0 {
		t.Fatalf("said %q", said)
	}
	var ranks []string
	for line := range strings.SplitSeq(said[at:], "\n") {
		if fields := strings.Fields(line); len(fields) == 5 && strings.HasSuffix(fields[4], "%") {
			ranks = append(ranks, fields[0])
		}
	}
	if got := strings.Join(ranks, " "); got != "1 2 4 6" {
		t.Errorf("got lines for %q ranks, want 1 2 4 6: %s", got, said)
	}
	if !strings.Contains(said, "sums of micro-batches 512 B") { // two of 64 values
		t.Errorf("said %q, want the memory of the sums", said)
	}
	for args, words := range map[string][]string{
		"-ranks 4":                            {"-ranks is 4 without -dry-run", "mpirun -n 4"},
		"-dry-run -ranks -1":                  {"-ranks is -1"},
		"-dry-run -ranks 2 -link 0":           {"-link is 0", "above 0"},
		"-dry-run -ranks 2 -link NaN":         {"-link is NaN"},
		"-dry-run -ranks 2 -latency -1":       {"-latency is -1"},
		"-dry-run -ranks 9223372036854775807": {"-ranks is 9223372036854775807"},
		"-dry-run -verify 2":                  {"-verify with -dry-run, -find-lr or -resume"},
	} {
		_, err := newProgram().run(args)
		wantError(t, err, words...)
	}
}
