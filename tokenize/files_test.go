package tokenize_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// loaded holds the tokenizers that loadShared has loaded, by path.
var loaded sync.Map

// loadShared returns the tokenizer of a file or folder of ../shared. It is loaded once: its callers share the stages, and
// each has its own options.
func loadShared(t testing.TB, parts ...string) *tokenize.Tokenizer {
	t.Helper()
	path := tokentest.Shared(t, parts...)
	load, _ := loaded.LoadOrStore(path, sync.OnceValues(func() (*tokenize.Tokenizer, error) { return tokenize.Load(path) }))
	tok := *tokentest.Must[*tokenize.Tokenizer](t)(load.(func() (*tokenize.Tokenizer, error))())
	return &tok
}

// sharedFile is a tokenizer file of ../shared.
type sharedFile struct {
	path, name string
	size       int64
	isFault    bool // not published, but made for a test
}

const smallFile = 1 << 20

// sharedFiles returns the tokenizer files of ../shared.
func sharedFiles(t *testing.T) (files []sharedFile) {
	t.Helper()
	published, faults := tokentest.Shared(t, "tokenizers"), tokentest.Shared(t, "faults", "tokenizers")
	for _, dir := range []string{published, faults} {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			base := filepath.Base(path)
			f := sharedFile{path: path, name: filepath.Join(filepath.Base(filepath.Dir(path)), base), isFault: dir == faults}
			ext := filepath.Ext(path)
			isFile := ext == ".model" || ext == ".tiktoken" || ext == ".json" && (strings.Contains(base, "tokenizer") || f.isFault)
			if err != nil || d.IsDir() || !isFile {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if f.size = info.Size(); sweep.All() || f.size <= smallFile/2 {
				files = append(files, f)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Fatal("no tokenizer files")
	}
	return files
}

// TestFiles checks every tokenizer file of ../shared. It loads each once for all checks.
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, f := range sharedFiles(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(f.path))
			for name, check := range map[string]func(*testing.T, sharedFile, *tokenize.Tokenizer){
				"agree": checkFileAgrees, "stream": checkFileStreams, "comes back": checkFileComesBack, "other formats": checkOtherFiles,
			} {
				own := *tok
				t.Run(name, func(t *testing.T) { check(t, f, &own) })
			}
		})
	}
}

// checkFileAgrees encodes with all functions that encode, also a text that is encoded in parallel.
func checkFileAgrees(t *testing.T, _ sharedFile, tok *tokenize.Tokenizer) {
	tok.Truncation, tok.Padding = nil, nil
	for i := range 8 {
		tok.Bare, tok.Special, tok.OmitUnknown = i%2 == 0, tokenize.Policy(i/2%2), i/4 == 0
		for _, text := range append(sweepTexts, tokentest.Corpus) {
			checkEncoders(t, tok, text)
		}
	}
	if !sweep.All() {
		return
	}
	long := strings.Repeat("it was the best of times, 12345 <s> hello\nIt wasn't 한국어.\n\nNext", 9000)
	tok.OmitUnknown = true
	ids, err := tok.Encode(long)
	again, other := tok.AppendEncode(nil, long)
	if (err == nil) != (other == nil) || !slices.Equal(ids, again) {
		t.Errorf("a long text: got %d ids, %v, want %d, %v", len(ids), err, len(again), other)
	}
}

// checkFileStreams streams random ids.
func checkFileStreams(t *testing.T, _ sharedFile, tok *tokenize.Tokenizer) {
	tok.Truncation, tok.Padding = nil, nil
	r := rand.New(rand.NewPCG(31, 32))
	marked := markedIDs(tok)
	for i := range 300 {
		tok.SkipSpecial = i%2 == 0
		checkStream(t, tok, drawIDs(r, tok, marked))
	}
}

// checkFileComesBack saves tok as a tokenizer.json. Large files of other formats are left out: they take seconds.
func checkFileComesBack(t *testing.T, f sharedFile, tok *tokenize.Tokenizer) {
	if f.size > smallFile && filepath.Ext(f.path) != ".json" {
		t.Skip("a large file takes a while")
	}
	saved, err := tok.MarshalJSON()
	if err != nil {
		t.Skipf("it cannot be saved: %v", err)
	}
	texts := append(slices.Clone(tokentest.Texts), tokentest.Corpus)
	checkSaved(t, tok, saved, texts...)
	for _, text := range texts {
		ids, err := tok.Encode(text)
		e, detailed := tok.EncodeDetailed(text)
		switch {
		case (err == nil) != (detailed == nil):
			t.Errorf("%q: got the error %v, want %v", text, detailed, err)
		case err == nil:
			same(t, text, "detailed ids", e.IDs, ids)
		case !f.isFault && !strings.Contains(err.Error(), "has no token"): // Falcon has no tokens for some bytes, and no unknown token
			t.Errorf("%q: %v", text, err)
		}
	}
}

// checkOtherFiles saves tok in the other formats that can hold it.
func checkOtherFiles(t *testing.T, f sharedFile, tok *tokenize.Tokenizer) {
	if f.size > smallFile {
		t.Skip("a large file takes a while")
	}
	tok.Truncation, tok.Padding = nil, nil
	checkOtherFile(t, tok, "t.model", (*tokenize.Tokenizer).SaveSentencePiece, tokenize.Load)
	checkOtherFile(t, tok, "vocab.txt", (*tokenize.Tokenizer).SaveWordPiece, tokenize.Load)
	checkOtherFile(t, tok, "t.tiktoken", (*tokenize.Tokenizer).SaveTiktoken, func(path string) (*tokenize.Tokenizer, error) {
		c := tokenize.Tiktoken{Special: map[string]int32{}}
		s, ok := tok.Stages().Splitter.(tokenize.Splitters)
		if ok {
			c.Pattern = s[0].(tokenize.Split).Pattern
		} else {
			c, _ = tokenize.TiktokenNamed("gpt2")
			c.Special = map[string]int32{}
		}
		for _, a := range tok.Stages().Added {
			c.Special[a.Text] = a.ID
		}
		return tokenize.LoadTiktoken(path, c)
	})
}
