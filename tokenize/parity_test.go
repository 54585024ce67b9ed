package tokenize_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
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
	data := must[[]byte](t)(os.ReadFile(shared(t, "tokenizers", "gpt2", "cases.json")))
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

func TestHuggingFaceOffsets(t *testing.T) {
	tok := *gpt2(t)
	tok.RuneOffsets, tok.SkipSpecial = true, true
	for _, r := range references(t, "tokenizers", "parity", "hf_gpt2_offsets.jsonl") {
		var e *tokenize.Encoding
		want := r.IDs
		if r.Pair != nil {
			e = must[*tokenize.Encoding](t)(tok.EncodePair(r.Text, *r.Pair))
			want = r.IDsSpecial
			if !slices.Equal(e.Types, r.TypeIDs) {
				t.Errorf("%q: types: got %v, want %v", r.Text, e.Types, r.TypeIDs)
			}
		} else {
			e = must[*tokenize.Encoding](t)(tok.EncodeDetailed(r.Text))
			if !slices.Equal(e.Tokens, r.Tokens) {
				t.Errorf("%q: tokens: got %q, want %q", r.Text, e.Tokens, r.Tokens)
			}
			if got, err := tok.Decode(e.IDs); err != nil || got != r.Decoded {
				t.Errorf("%q: decoded: got %q, %v, want %q", r.Text, got, err, r.Decoded)
			}
			if !slices.Equal(e.Words, r.WordIDs) {
				t.Errorf("%q: words: got %v, want %v", r.Text, e.Words, r.WordIDs)
			}
		}
		if !slices.Equal(e.IDs, want) {
			t.Errorf("%q: ids: got %v, want %v", r.Text, e.IDs, want)
		}
		if got := pairsOf(e.Offsets); !slices.Equal(got, r.Offsets) {
			t.Errorf("%q: offsets: got %v, want %v", r.Text, got, r.Offsets)
		}
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
	data := must[[]byte](t)(os.ReadFile(shared(t, "tokenizers", "parity", "trained_opticks.json")))
	var want trainedModel
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.BPETrainer{VocabSize: 30000, SeenBytes: true}.TrainFiles(goPath(t, opticks))
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
