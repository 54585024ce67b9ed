package tokenize_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// shared returns the path of a file of ../shared, beside the project, and skips the test where that is missing.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return path
}

// reference is one case of a reference tokenizer.
type reference struct {
	Tag, Text   string
	Pair        *string
	IDs         []int32
	IDsSpecial  []int32 `json:"ids_special"`
	Tokens      []string
	Pieces      []string
	Offsets     [][2]int
	WordIDs     []int32  `json:"word_ids"`
	TypeIDs     []int32  `json:"type_ids"`
	SpecialMask []int32  `json:"special_mask"`
	SequenceIDs []*int32 `json:"sequence_ids"`
	Decoded     string
}

func references(t testing.TB, parts ...string) []reference {
	t.Helper()
	data, err := os.ReadFile(shared(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	var list []reference
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for lines.Scan() {
		var r reference
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	if len(list) == 0 {
		t.Fatalf("no cases in %s", filepath.Join(parts...))
	}
	return list
}

func gpt2(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	tok, err := tokenize.Load(shared(t, "tokenizers", "gpt2"))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// goRoot is where the Go distribution lies, "" where there is no go command.
var goRoot = sync.OnceValue(func() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})

func goPath(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{goRoot(), "src"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no sources of the Go distribution: %v", err)
	}
	return path
}

const opticks = "testdata/Isaac.Newton-Opticks.txt"

// lines is the lines of text, each with its newline.
func lines(text string) func(func(string) bool) { return strings.Lines(text) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// precompiledOf returns the Precompiled normalizer of a published tokenizer.json.
func precompiledOf(t testing.TB, parts ...string) tokenize.Precompiled {
	t.Helper()
	var file struct {
		Normalizer struct {
			Charsmap    []byte `json:"precompiled_charsmap"`
			Normalizers []struct {
				Charsmap []byte `json:"precompiled_charsmap"`
			}
		}
	}
	data := must[[]byte](t)(os.ReadFile(shared(t, append([]string{"tokenizers"}, parts...)...)))
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	charsmap := file.Normalizer.Charsmap
	for _, n := range file.Normalizer.Normalizers {
		charsmap = append(charsmap, n.Charsmap...)
	}
	return must[tokenize.Precompiled](t)(tokenize.ParsePrecompiled(charsmap))
}
