package folder_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
)

// mark replaces every byte that is not UTF-8 in the stored vocabularies: they were once saved as text.
var mark = []byte("\xef\xbf\xbd")

// repair restores such a file. Numbers whose bytes are lost are known by the names of their keys; the lengths of long strings follow from
// the lengths after them.
type repair struct {
	t     *testing.T
	from  []byte
	at    int
	to    bytes.Buffer
	known map[string]any
	list  []string // the last array of strings
}

// number copies a number of n bytes, or writes the known value of a key.
func (r *repair) number(n int, key string) uint64 {
	b := r.from[r.at:][:n]
	if bytes.Contains(r.from[r.at:][:min(n+2, len(r.from)-r.at)], mark) {
		v, ok := r.known[key]
		if !ok {
			r.t.Fatalf("the value of %s is lost", key)
		}
		b, _ = binary.Append(nil, binary.LittleEndian, v)
		r.at += damaged(b)
	} else {
		r.at += n
	}
	r.to.Write(b)
	return binary.LittleEndian.Uint64(append(slices.Clone(b), make([]byte, 8-n)...))
}

// damaged returns the number of bytes of a number that was saved as text.
func damaged(b []byte) (n int) {
	for len(b) > 0 {
		r, w := utf8.DecodeRune(b)
		n, b = n+utf8.RuneLen(r), b[w:] // an invalid byte becomes the mark
	}
	return n
}

// text copies a string.
func (r *repair) text() string {
	n := binary.LittleEndian.Uint64(r.from[r.at:])
	start := r.at + 8
	if bytes.HasPrefix(r.from[r.at:], mark) {
		start = r.at + 10
		for n = 128; n < 256 && !plausible(r.from[start+int(n):]); n++ {
		}
	}
	s := string(r.from[start:][:n])
	r.at = start + int(n)
	r.to.Write(binary.LittleEndian.AppendUint64(nil, n))
	r.to.WriteString(s)
	return s
}

// plausible reports whether b begins with the length of a string below 256.
func plausible(b []byte) bool {
	b = bytes.TrimPrefix(b, mark)
	return len(b) >= 8 && (bytes.Equal(b[:7], make([]byte, 7)) || bytes.Equal(b[1:8], make([]byte, 7)))
}

// file restores a file without tensors.
func (r *repair) file() []byte {
	r.to.Write(r.from[:16])
	r.at = 16
	for range r.number(8, "keys") {
		key := r.text()
		switch kind := r.number(4, key); kind {
		case 8:
			r.text()
		case 9:
			r.array(key)
		default:
			r.number(map[uint64]int{4: 4, 6: 4, 7: 1}[kind], key)
		}
	}
	return r.to.Bytes()
}

func (r *repair) array(key string) {
	kind, n := r.number(4, key), r.number(8, key)
	if kind == 8 {
		r.list = nil
	}
	for i := range n {
		switch kind {
		case 8:
			r.list = append(r.list, r.text())
		case 5:
			r.number(4, "")
		default:
			_ = binary.Write(&r.to, binary.LittleEndian, score(int(i), r.list[i]))
		}
	}
	if kind == 6 {
		r.at = bytes.Index(r.from, []byte("\x19\x00\x00\x00\x00\x00\x00\x00tokenizer.ggml.token_type"))
	}
}

// score returns the score of a piece of llama-spm: the negative number of the piece after the bytes. Spaces alone come last.
func score(i int, piece string) float32 {
	if strings.Trim(piece, "▁") == "" {
		return -1e9
	}
	return -float32(max(i-259, 0))
}

// TestVocabularies: llama.cpp's vocabularies give the ids that llama.cpp has computed.
func TestVocabularies(t *testing.T) {
	dir := shared(t, "models/gguf-vocab")
	for name, known := range map[string]map[string]any{
		"gpt-2": {
			"gpt2.attention.layer_norm_epsilon": float32(1e-5), "tokenizer.ggml.tokens": uint64(50257), "tokenizer.ggml.token_type": uint64(50257),
			"tokenizer.ggml.merges": uint64(50000), "tokenizer.ggml.bos_token_id": uint32(50256), "tokenizer.ggml.eos_token_id": uint32(50256),
		},
		"llama-spm":      {"llama.attention.layer_norm_rms_epsilon": float32(1e-5), "llama.rope.dimension_count": uint32(128)},
		"bert-bge":       {"bert.embedding_length": uint32(384), "bert.attention.layer_norm_epsilon": float32(1e-12)},
		"deepseek-coder": {"llama.rope.freq_base": float32(1e5), "llama.attention.layer_norm_rms_epsilon": float32(1e-6), "llama.rope.dimension_count": uint32(128), "llama.rope.scaling.factor": float32(4)},
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := os.ReadFile(filepath.Join(dir, name+".gguf"))
			check(t, err)
			if bytes.Contains(stored[:1024], mark) {
				stored = (&repair{t: t, from: stored, known: known}).file()
			}
			path := filepath.Join(t.TempDir(), name+".gguf")
			check(t, os.WriteFile(path, stored, 0o666))
			checkVocabulary(t, path, filepath.Join(dir, name+".gguf"))
		})
	}
}

// checkVocabulary compares the ids of the texts in an .inp file with the lines of its .out file.
func checkVocabulary(t *testing.T, path, base string) {
	tok, err := folder.Tokenizer(path)
	check(t, err)
	tok = tok.ForText()
	inp, err := os.ReadFile(base + ".inp")
	check(t, err)
	out, err := os.ReadFile(base + ".out")
	check(t, err)
	texts, lines := strings.Split(strings.TrimSuffix(string(inp), "\n__ggml_vocab_test__\n"), "\n__ggml_vocab_test__\n"), strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(texts) != len(lines) {
		t.Fatalf("%d texts and %d lines of ids", len(texts), len(lines))
	}
	total := 0
	for i, text := range texts {
		var want []int32
		for _, id := range strings.Fields(lines[i]) {
			n, err := strconv.Atoi(id)
			check(t, err)
			want = append(want, int32(n))
		}
		total += len(want)
		if got, err := tok.Encode(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q has ids %v (%v), want %v", text, got, err, want)
		}
	}
	t.Logf("%d texts, %d ids", len(texts), total)
}
