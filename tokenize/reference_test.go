package tokenize_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

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
	data, err := os.ReadFile(tokentest.Shared(t, parts...))
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

// gpt2 returns the tokenizer of GPT-2's two files.
func gpt2(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return published(t, "gpt2")
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
	data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, append([]string{"tokenizers"}, parts...)...)))
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	charsmap := file.Normalizer.Charsmap
	for _, n := range file.Normalizer.Normalizers {
		charsmap = append(charsmap, n.Charsmap...)
	}
	return tokentest.Must[tokenize.Precompiled](t)(tokenize.ParsePrecompiled(charsmap))
}
