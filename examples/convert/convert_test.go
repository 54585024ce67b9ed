package main

import (
	"bytes"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// convert runs the program and returns its output.
func convert(args ...string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(args, &w)
	return w.String(), err
}

// shared returns the absolute path of a file or folder in ../shared, next to the project. If it does not exist, the test is skipped.
func shared(t testing.TB, path string) string {
	t.Helper()
	found, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", filepath.FromSlash(path)))
	check(t, err)
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}

// TestTinyStories: the Q8_0 file of a published folder has the tensors of llama.cpp's file, byte for byte, and the loss barely changes.
func TestTinyStories(t *testing.T) {
	dir := shared(t, "models/tinystories-656k")
	t.Chdir(t.TempDir())
	check(t, os.WriteFile("text.txt", bytes.Repeat([]byte("Once upon a time there was a girl. She liked to play.\n"), 20), 0o666))
	out, err := convert("-model", dir, "-out", "q8.gguf", "-type", "q8_0", "-data", "text.txt", "-batch", "1")
	check(t, err)
	for _, want := range []string{"2,626,168 bytes of weights", "5 of F32, 15 of Q8_0", "loss ", "% , on "} {
		if !strings.Contains(out, strings.ReplaceAll(want, "% ,", "%,")) {
			t.Errorf("got %q, want %q in it", out, want)
		}
	}
	ours, err := gguf.Open("q8.gguf")
	check(t, err)
	defer ours.Close()
	theirs, err := gguf.Open(filepath.Join(dir, "model-q8_0.gguf"))
	check(t, err)
	defer theirs.Close()
	if n := len(theirs.Names()); len(ours.Names()) != n || n != 20 {
		t.Errorf("got %d tensors, want the %d of the other file, 20", len(ours.Names()), n)
	}
	for _, name := range theirs.Names() {
		a, err := ours.Blocks(name)
		check(t, err)
		b, err := theirs.Blocks(name)
		check(t, err)
		x, _ := ours.Info(name)
		if y, _ := theirs.Info(name); x.Type != y.Type || !slices.Equal(x.Shape, y.Shape) || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %v %v, want %v %v", name, x.Type, x.Shape, y.Type, y.Shape)
		}
	}
}

// same fails unless two folders have the same weights, bit for bit.
func same(t *testing.T, a, b string) {
	t.Helper()
	x, err := checkpoints.Read(a)
	check(t, err)
	y, err := checkpoints.Read(b)
	check(t, err)
	if len(x) == 0 || !slices.Equal(slices.Sorted(maps.Keys(x)), slices.Sorted(maps.Keys(y))) {
		t.Fatalf("got the names %v, want %v", slices.Sorted(maps.Keys(y)), slices.Sorted(maps.Keys(x)))
	}
	for name := range x {
		if !equalBits(x[name], y[name]) {
			t.Errorf("%s has changed", name)
		}
	}
}

func equalBits(a, b *tensor.Dense) bool {
	return a.Shape().Eq(b.Shape()) && slices.EqualFunc(a.Float32s(), b.Float32s(), func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestGolden: a folder in shards becomes a file, a folder, again a file and again a folder without a changed bit. The first folder on
// the way has the names of the program's own folders.
func TestGolden(t *testing.T) {
	root := shared(t, "golden")
	for _, name := range []string{"gpt2-tiny", "llama-rope-llama3", "gemma2-tiny", "bloom-tiny", "t5-gated-tiny", "roberta-tiny"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for _, args := range [][]string{
				{"-model", filepath.Join(root, name), "-out", "a", "-shard", "4000"}, {"-model", "a", "-out", "b.gguf"}, {"-model", "b.gguf", "-out", "c"},
				{"-model", "c", "-out", "d.gguf"},
			} {
				if _, err := convert(args...); err != nil {
					t.Fatalf("%v: %v", args, err)
				}
			}
			if shards, _ := filepath.Glob("a/model-*-of-*.safetensors"); len(shards) < 2 {
				t.Errorf("got the shards %v, want several", shards)
			}
			same(t, "a", "c")
			x, err := os.ReadFile("b.gguf")
			check(t, err)
			y, err := os.ReadFile("d.gguf")
			check(t, err)
			const name = "general.name\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00" // the name of the folder
			if strings.Replace(string(x), name+"a", name+"c", 1) != string(y) {
				t.Error("the second file differs from the first")
			}
		})
	}
}

// TestTypes: every type opens again, and 4 bits are smaller than 8.
func TestTypes(t *testing.T) {
	dir := shared(t, "models/tinystories-656k")
	t.Chdir(t.TempDir())
	sizes := map[string]int64{}
	for kind := range strings.SplitSeq(gguf.TypeNames(), ", ") {
		_, err := convert("-model", dir, "-out", kind+".gguf", "-type", kind)
		check(t, err)
		if sizes[kind], err = size(kind + ".gguf"); err != nil {
			t.Fatal(err)
		}
		if _, err := convert("-model", kind+".gguf", "-out", "back-"+kind); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if !(sizes["q4_0"] < sizes["q5_0"] && sizes["q5_0"] < sizes["q8_0"] && sizes["q8_0"] < sizes["f16"] && sizes["f16"] < sizes["f32"]) {
		t.Errorf("got sizes %v, want them in the order of the bits", sizes)
	}
}

// TestChatTemplate: the template of a folder survives, from either file.
func TestChatTemplate(t *testing.T) {
	dir := shared(t, "models/tinystories-656k")
	t.Chdir(t.TempDir())
	const template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
	check(t, os.CopyFS("a", os.DirFS(dir)))
	check(t, os.WriteFile("a/chat_template.jinja", []byte(template), 0o666))
	for i, args := range []string{"-model a -out b.gguf", "-model b.gguf -out c", "-model c -out d.gguf"} {
		_, err := convert(strings.Fields(args)...)
		check(t, err)
		if i%2 == 1 {
			continue
		}
		f, err := gguf.Open(strings.Fields(args)[3])
		check(t, err)
		if got := f.Metadata()["tokenizer.chat_template"]; got != template {
			t.Errorf("%s: got template %q, want %q", args, got, template)
		}
		check(t, f.Close())
	}
}

// TestBody: the body of an encoder loses its head, and other models have none to lose.
func TestBody(t *testing.T) {
	root := shared(t, "golden")
	t.Chdir(t.TempDir())
	out, err := convert("-model", filepath.Join(root, "bert-tiny"), "-out", "whole.gguf")
	check(t, err)
	if !strings.Contains(out, "note: llama.cpp opens no head") {
		t.Errorf("got %q, want a note on the head", out)
	}
	if _, err = convert("-model", filepath.Join(root, "bert-tiny"), "-out", "body.gguf", "-body"); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open("body.gguf")
	check(t, err)
	defer f.Close()
	for _, name := range f.Names() {
		if strings.HasPrefix(name, "mlm") {
			t.Errorf("%s is a part of the head", name)
		}
	}
	if _, err := convert("-model", filepath.Join(root, "gpt2-tiny"), "-out", "x.gguf", "-body"); err == nil || !strings.Contains(err.Error(), "-body is for encoders") {
		t.Errorf("got error %v, want one on -body", err)
	}
}
