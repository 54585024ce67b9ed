package trainer_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestTrainingDoesNotDependOnWorkers(t *testing.T) {
	repeats := 3000
	if !sweep.All() {
		repeats = 1000
	}
	text := strings.Repeat(tokentest.Corpus, repeats) // several batches
	trainers := map[string]func(workers int) (*tokenize.Tokenizer, error){
		"bpe": func(n int) (*tokenize.Tokenizer, error) {
			return trainer.BPE{VocabSize: 500, Workers: n}.Train(strings.Lines(text))
		},
		"one text": func(n int) (*tokenize.Tokenizer, error) {
			return trainer.BPE{VocabSize: 500, Workers: n}.Train(slices.Values([]string{text}))
		},
		"words": func(n int) (*tokenize.Tokenizer, error) { return trainer.Word{Workers: n}.Train(strings.Lines(text)) },
		"chars": func(n int) (*tokenize.Tokenizer, error) { return trainer.Char{Workers: n}.Train(strings.Lines(text)) },
	}
	for name, train := range trainers {
		var want []byte
		for _, workers := range []int{1, 2, 7} {
			got := tokentest.Must[[]byte](t)(tokentest.Must[*tokenize.Tokenizer](t)(train(workers)).MarshalJSON())
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %d workers make another file than one", name, workers)
			}
		}
	}
}

func TestTrainingAgainstTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		words := map[string]int{}
		var text []string
		for range 30 {
			b := make([]byte, 1+r.IntN(9))
			for i := range b {
				b[i] = "abc"[r.IntN(3)]
			}
			words[string(b)]++
			text = append(text, string(b))
		}
		tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 3 + 12, SeenBytes: true}.Train(slices.Values(text)))
		got := tok.Stages().Model.(*tokenize.BPE).Config().Merges
		// Where two merges make one string, Hugging Face's rule is not the definition's: compare up to there.
		want := naiveMerges(words, [2]string{}, 12)
		made := map[string]bool{}
		for i, m := range want {
			if made[m[0]+m[1]] {
				break
			}
			made[m[0]+m[1]] = true
			if i >= len(got) || got[i] != m {
				t.Fatalf("merges: got %q, want %q", got, want)
			}
		}
	}
}

func TestTrainerLimits(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 300, Special: []string{"<pad>", "<s>"}}.Train(strings.Lines(tokentest.Corpus)))
	if got := tok.VocabSize(); got != 300 {
		t.Errorf("VocabSize: got %d, want 300", got)
	}
	for i, want := range []string{"<pad>", "<s>", "!"} {
		if got, _ := tok.IDToToken(int32(i)); got != want {
			t.Errorf("token %d: got %q, want %q", i, got, want)
		}
	}
	rare := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{MinFrequency: 6}.Train(strings.Lines("abababababab\nab\n")))
	if got := len(rare.Stages().Model.(*tokenize.BPE).Config().Merges); got != 1 {
		t.Errorf("pairs that occur 6 times: got %d merges, want 1, of a and b", got)
	}
	words := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{MinFrequency: 2}.Train(strings.Lines("b a b c a\n")))
	if got := words.VocabSize(); got != 3 {
		t.Errorf("words that occur twice: got %d entries, want <unk>, a, b", got)
	}
	_, err := trainer.BPE{VocabSize: 100}.Train(strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "100", "256")
	_, err = trainer.Char{VocabSize: 10}.Train(strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "10 of", "VocabSize", "Unknown")
	_, err = trainer.Word{Special: []string{"<s>", "<s>"}}.Train(strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, `"<s>"`, "twice")
	_, err = trainer.Word{VocabSize: 2, Special: []string{"<s>"}}.Train(strings.Lines(tokentest.Corpus))
	tokentest.WantError(t, err, "2", "no room")
}

func TestSpecialTokensAreNotTrainedOn(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{Special: []string{"<unk>"}}.Train(strings.Lines("a <unk> a\n")))
	if _, ok := tok.TokenToID("unk"); ok || tok.VocabSize() != 3 {
		t.Errorf("got %d entries, want <unk>, a and the newline", tok.VocabSize())
	}
}

func TestProgress(t *testing.T) {
	var phases []string
	var last trainer.Progress
	report := func(p trainer.Progress) {
		last = p
		if !slices.Contains(phases, p.Phase) {
			phases = append(phases, p.Phase)
		}
		if p.Phase == "count" && p.Done > int64(len(tokentest.Corpus)) {
			t.Errorf("counted %d of %d bytes", p.Done, len(tokentest.Corpus))
		}
	}
	tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 300, Progress: report}.Train(strings.Lines(tokentest.Corpus)))
	if want := []string{"count", "merge"}; !slices.Equal(phases, want) || last.Done != 300 || last.Total != 300 {
		t.Errorf("got %q, then %+v, want %q, then 300 of 300", phases, last, want)
	}
}

// TestTrainFiles compares every trainer's files with the same lines from memory.
func TestTrainFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text.txt")
	if err := os.WriteFile(path, []byte(tokentest.Corpus), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tr := range []trainer.Trainer{
		trainer.BPE{VocabSize: 300}, trainer.CharBPE{VocabSize: 300}, trainer.WordPiece{VocabSize: 300},
		trainer.Unigram{VocabSize: 200}, trainer.Word{}, trainer.Char{},
	} {
		got := tokentest.Must[[]byte](t)(tokentest.Must[*tokenize.Tokenizer](t)(tr.TrainFiles(path)).MarshalJSON())
		want := tokentest.Must[[]byte](t)(tokentest.Must[*tokenize.Tokenizer](t)(tr.Train(strings.Lines(tokentest.Corpus))).MarshalJSON())
		if !bytes.Equal(got, want) {
			t.Errorf("%T: files make another tokenizer than their lines", tr)
		}
	}
}
