package tokenize_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

func TestProgressBar(t *testing.T) {
	var out strings.Builder
	must[*tokenize.Tokenizer](t)(tokenize.BPETrainer{VocabSize: 300, Progress: tokenize.ProgressBar(&out)}.Train(lines(corpus)))
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], fmt.Sprintf("count    %d bytes in ", len(corpus))) || !strings.HasPrefix(got[1], "merge    300 entries in ") {
		t.Errorf("got %q, want a line for each phase", got)
	}
}
