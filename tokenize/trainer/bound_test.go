package trainer_test

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// stream yields n lines of eight words: seven of ten that come again and again, and one that never does. It calls each
// now and then.
func stream(n int, each func()) iter.Seq[string] {
	return func(yield func(string) bool) {
		r := rand.New(rand.NewPCG(3, 4))
		for i := range n {
			var b strings.Builder
			for range 7 {
				fmt.Fprintf(&b, "common%d ", r.IntN(10))
			}
			fmt.Fprintf(&b, "once%016x\n", r.Uint64())
			if !yield(b.String()) {
				return
			}
			if i%5000 == 0 {
				each()
			}
		}
	}
}

// TestBoundedMemory trains on a stream whose different words would not fit the bound.
func TestBoundedMemory(t *testing.T) {
	const lines, most = 100_000, 5000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var want []byte
	for _, workers := range []int{1, 3} {
		before, peak := heap(), uint64(0)
		tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{MaxPieces: most, Workers: workers}.Train(stream(lines, func() { peak = max(peak, heap()) })))
		if got := tok.VocabSize(); got > most+1 {
			t.Errorf("%d workers: got %d entries, want at most %d and <unk>", workers, got, most)
		}
		for i := range 10 {
			if _, ok := tok.TokenToID(fmt.Sprintf("common%d", i)); !ok {
				t.Errorf("%d workers: a common word is gone: common%d", workers, i)
			}
		}
		// 100,000 words of 20 bytes take 10 MB and more. The bound is 5,000 words, in addition to a batch or two for each worker.
		if used := int64(peak) - int64(before); used > 8<<20 {
			t.Errorf("%d workers: got %d bytes at the peak, want at most 8 MiB", workers, used)
		}
		got := tokentest.Must[[]byte](t)(tok.MarshalJSON())
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d workers make another file than one", workers)
		}
	}
}

// TestCountsPastTheBound compares counts of words with and without a bound: those of common words are the same.
func TestCountsPastTheBound(t *testing.T) {
	free := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{VocabSize: 12}.Train(stream(20_000, func() {})))
	bound := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{VocabSize: 12, MaxPieces: 100}.Train(stream(20_000, func() {})))
	a, b := tokentest.Must[[]byte](t)(free.MarshalJSON()), tokentest.Must[[]byte](t)(bound.MarshalJSON())
	if !bytes.Equal(a, b) {
		t.Errorf("got %s, want as without a bound %s", b, a)
	}
}

func TestExtendBPE(t *testing.T) {
	old := tokentest.BPE(t, "<pad>")
	const korean = "한국어 문장을 나누고 한국어 문장을 모으고 한국어 문장을 보았다 zebras zebras zebras\n"
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 420, Special: []string{"<s>"}}.Extend(old, strings.Lines(strings.Repeat(korean, 3))))
	if got := tok.VocabSize(); got != 420 {
		t.Errorf("VocabSize: got %d, want 420", got)
	}
	for id := range int32(old.VocabSize()) {
		a, _ := old.IDToToken(id)
		if b, ok := tok.IDToToken(id); !ok || a != b {
			t.Errorf("token %d: got %q, want %q as before", id, b, a)
		}
	}
	if id, ok := tok.TokenToID("<s>"); !ok || int(id) != old.VocabSize() || !tok.IsSpecial(id) {
		t.Errorf("<s>: got id %d, want %d, the first new one, special", id, old.VocabSize())
	}
	before, after := tokentest.Must[[]int32](t)(old.Encode(korean)), tokentest.Must[[]int32](t)(tok.Encode(korean))
	if len(after) >= len(before) {
		t.Errorf("new text: got %d tokens, want fewer than %d", len(after), len(before))
	}
	a, b := old.Stages().Model.(*tokenize.BPE).Config().Merges, tok.Stages().Model.(*tokenize.BPE).Config().Merges
	if !slices.Equal(a, b[:len(a)]) {
		t.Error("the old merges are not the first ones")
	}
	for _, text := range tokentest.Texts {
		tokentest.RoundTrip(t, tok, text)
	}
	_, err := trainer.BPE{VocabSize: 300}.Extend(old, strings.Lines(korean))
	tokentest.WantError(t, err, "extend bpe", "300", "400")
	_, err = trainer.BPE{}.Extend(tokentest.Words(t), strings.Lines(korean))
	tokentest.WantError(t, err, "WordLevel")
}

// TestExtendIsTrainingOn extends on the texts of the first training: that makes the merges of one longer training.
func TestExtendIsTrainingOn(t *testing.T) {
	whole := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 360}.Train(strings.Lines(tokentest.Corpus)))
	part := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 300}.Train(strings.Lines(tokentest.Corpus)))
	rest := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 360}.Extend(part, strings.Lines(tokentest.Corpus)))
	if a, b := tokentest.Must[[]byte](t)(whole.MarshalJSON()), tokentest.Must[[]byte](t)(rest.MarshalJSON()); !bytes.Equal(a, b) {
		t.Error("300 entries extended to 360 differ from 360 trained at once")
	}
}

func TestExtendWords(t *testing.T) {
	old := tokentest.Words(t)
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{}.Extend(old, strings.Lines("zebra times zebra\n")))
	if got, want := tok.VocabSize(), old.VocabSize()+1; got != want {
		t.Errorf("got %d entries, want %d: zebra is new, times and the newline are not", got, want)
	}
	ids := tokentest.Must[[]int32](t)(tok.Encode("the times zebra quagga"))
	unknown, _ := tok.TokenToID("<unk>")
	if ids[2] != int32(old.VocabSize()) || ids[3] != unknown {
		t.Errorf("got %v, want zebra to be %d and quagga <unk>, %d", ids, old.VocabSize(), unknown)
	}
	chars := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{}.Extend(tokentest.Chars(t), strings.Lines("ξη\n")))
	if got := tokentest.Must[string](t)(chars.Decode(tokentest.Must[[]int32](t)(chars.Encode("ξ time")))); got != "ξ time" {
		t.Errorf("characters: got %q, want %q", got, "ξ time")
	}
}

func TestLongTokens(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 400, MaxLength: 3}.Train(strings.Lines(strings.Repeat("abcdefgh abcdefgh\n", 9))))
	longest := 0
	for id := range int32(tok.VocabSize()) {
		token, _ := tok.IDToToken(id)
		longest = max(longest, len([]rune(token)))
	}
	if longest != 3 {
		t.Errorf("the longest token: got %d bytes, want 3", longest)
	}
}
