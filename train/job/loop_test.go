package job_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestPerplexity: the line of an evaluation shows a perplexity only if the targets are tokens.
func TestPerplexity(t *testing.T) {
	for unit, want := range map[string]string{"": "perplexity 7.", "texts": " on 79 texts"} {
		inFolder(t)
		screen, err := os.Create("screen")
		if err != nil {
			t.Fatal(err)
		}
		p := newProgram()
		p.Unit = unit
		stderr := os.Stderr
		os.Stderr = screen
		_, err = p.run("")
		os.Stderr = stderr
		screen.Close()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("screen")
		if err != nil {
			t.Fatal(err)
		}
		lines := string(text)
		if !strings.Contains(lines, want) || !strings.Contains(lines, "accuracy") || strings.Contains(lines, "perplexity") != (unit == "") {
			t.Errorf("unit %q: printed %q, want %q", unit, lines, want)
		}
	}
}

// failing is held-out data whose second batch fails once.
type failing struct {
	job.Held
	left *int
}

func (h failing) Batch(i int) (graph.Feed, error) {
	if i == 1 {
		if *h.left--; *h.left == 0 {
			return nil, errors.New("the disk is gone")
		}
	}
	return h.Held.Batch(i)
}

// TestFailedEvaluation: a run that fails in an evaluation and resumes ends like one that does not.
func TestFailedEvaluation(t *testing.T) {
	inFolder(t)
	const settings = "-eval-tokens 40 -keep 0 -out "
	mustRun(t, newProgram(), settings+"whole")
	for nth := 1; nth <= 3; nth++ {
		p, out := newProgram(), fmt.Sprintf("failed%d", nth)
		left := nth
		p.held = func(h job.Held) job.Held { return failing{h, &left} }
		_, err := p.run(settings + out)
		wantError(t, err, "the disk is gone")
		mustRun(t, newProgram(), "-resume -out "+out)
		sameFiles(t, files(t, out), files(t, "whole"))
	}
}
