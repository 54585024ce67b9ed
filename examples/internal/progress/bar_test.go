package progress_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/progress"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestBar(t *testing.T) {
	var out strings.Builder
	const corpus = "It was the best of times, it was the worst of times,\nit was the age of wisdom.\n"
	tok, err := trainer.BPE{VocabSize: 270, Progress: progress.Bar(&out)}.Train(strings.Lines(corpus))
	if err != nil || tok.VocabSize() != 270 {
		t.Fatalf("got %v, %v, want 270 entries", tok, err)
	}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], fmt.Sprintf("count    %d bytes in ", len(corpus))) || !strings.HasPrefix(got[1], "merge    270 entries in ") {
		t.Errorf("got %q, want a line for each phase", got)
	}
}
