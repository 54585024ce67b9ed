package tokenize_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestGPT2Parity(t *testing.T) {
	tok := gpt2(t)
	for _, file := range []string{"gpt2.jsonl", "gpt2.special.jsonl"} {
		policy := tokenize.AsText
		if strings.Contains(file, "special") {
			policy = tokenize.Allow
		}
		plain := *tok
		plain.Special = policy
		for i, r := range references(t, "tokenizers", "parity", file) {
			checkIDs(t, &plain, r)
			if t.Failed() {
				t.Fatalf("%s: case %d (%s)", file, i, r.Tag)
			}
		}
	}
}

func checkIDs(t *testing.T, tok *tokenize.Tokenizer, r reference) {
	t.Helper()
	got, err := tok.Encode(r.Text)
	if err != nil || !slices.Equal(got, r.IDs) {
		t.Errorf("%q: got %v, %v, want %v", r.Text, got, err, r.IDs)
	}
	e, err := tok.EncodeDetailed(r.Text)
	if err != nil || !slices.Equal(e.IDs, r.IDs) {
		t.Errorf("%q: detailed: got %v, %v, want %v", r.Text, e, err, r.IDs)
	}
	if text, err := tok.Decode(got); err != nil || text != r.Text {
		t.Errorf("decoded: got %q, %v, want %q", text, err, r.Text)
	}
}

func TestGPT2Cases(t *testing.T) {
	data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "gpt2", "cases.json")))
	var file struct{ Cases []reference }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	tok := gpt2(t)
	for _, r := range file.Cases {
		checkIDs(t, tok, r)
	}
}

func pairsOf(spans []tokenize.Span) [][2]int {
	var out [][2]int
	for _, s := range spans {
		out = append(out, [2]int{s.Start, s.End})
	}
	return out
}

// trainedModel is the model of a tokenizer.json, as far as training makes it.
type trainedModel struct {
	Model struct {
		Vocab  map[string]int32
		Merges []json.RawMessage
	}
}

func TestTrainingMatchesHuggingFace(t *testing.T) {
	data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "parity", "trained_opticks.json")))
	var want trainedModel
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	tok, err := trainer.BPE{VocabSize: 30000, SeenBytes: true}.TrainFiles(tokentest.GoPath(t, tokentest.Opticks))
	if err != nil {
		t.Fatal(err)
	}
	got := tok.Stages().Model.(*tokenize.BPE).Config()
	if len(got.Merges) != len(want.Model.Merges) || len(got.Merges) != 10380 {
		t.Errorf("merges: got %d, want %d", len(got.Merges), len(want.Model.Merges))
	}
	for i, raw := range want.Model.Merges {
		if m := mergeOf(t, raw); got.Merges[i] != m {
			t.Fatalf("merges[%d]: got %q, want %q", i, got.Merges[i], m)
		}
	}
	if len(got.Vocab) != len(want.Model.Vocab) {
		t.Errorf("vocabulary: got %d, want %d", len(got.Vocab), len(want.Model.Vocab))
	}
	for token, id := range want.Model.Vocab {
		if got.Vocab[token] != id {
			t.Fatalf("%q: got id %d, want %d", token, got.Vocab[token], id)
		}
	}
}

func mergeOf(t *testing.T, raw json.RawMessage) [2]string {
	t.Helper()
	var sides []string
	if json.Unmarshal(raw, &sides) != nil {
		var line string
		if err := json.Unmarshal(raw, &line); err != nil {
			t.Fatal(err)
		}
		sides = strings.Fields(line)
	}
	return [2]string(sides)
}
