package checkpoints_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestForeignFiles: if weights or a configuration are a file of another kind, the error names the kind and a remedy.
func TestForeignFiles(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"LFS":       {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 548105171\n", []string{"Git LFS pointer", "git lfs pull"}},
		"HTML":      {"<!DOCTYPE html><html><body>Entry not found</body></html>", []string{"web page", "download"}},
		"html":      {"\n  <html>", []string{"web page", "download"}},
		"XML":       {"\ufeff<?xml version=\"1.0\"?><Error/>", []string{"web page", "download"}},
		"torch":     {"PK\x03\x04\x00\x00\x08\x08\x00\x00rest", []string{"torch.save", "convert"}},
		"old torch": {"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", []string{"torch.save", "convert"}},
		"GGUF":      {"GGUF\x03\x00\x00\x00\x01\x00\x00\x00", []string{"GGUF", "safetensors"}},
		"gzip":      {"\x1f\x8b\x08\x08abcdefgh", []string{"gzip", "unpack"}},
		"HDF5":      {"\x89HDF\r\n\x1a\n........", []string{"HDF5", "convert"}},
	} {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, "model.safetensors"), []byte(c.content), 0o666))
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(c.content), 0o666))
		_, err := checkpoints.Open(filepath.Join(dir, "model.safetensors"))
		if err == nil {
			t.Fatalf("%s: got no error", name)
		}
		wantError(t, err, append(c.want, "model.safetensors", "not a safetensors file but ")...)
		wantError(t, checkpoints.LoadWeights(dir, weightsOf(0), checkpoints.Rules{}), c.want...)
		wantError(t, checkpoints.ReadConfig(dir, new(map[string]any)), append(c.want, "config.json")...)
	}
}

// TestShortHeadersAreOurs: a safetensors file stays one even if the length of its header looks like the start of another kind.
func TestShortHeadersAreOurs(t *testing.T) {
	for _, length := range []byte{'<', 0x80, 0x1f, 'P', 'G'} {
		for _, second := range []byte{'!', 'K', 0x8b, 0x02, 'a'} {
			path := store(t, []byte{length, second, 0, 0, 0, 0, 0, 0, '{'})
			_, err := checkpoints.Open(path)
			wantError(t, err, "the header claims")
		}
	}
}

// TestForeignWeights: the error for a folder names weights of another kind; for a folder without weights it is fs.ErrNotExist.
func TestForeignWeights(t *testing.T) {
	for name, want := range map[string][]string{
		"pytorch_model.bin":                {"weights of PyTorch", "convert"},
		"pytorch_model-00001-of-00002.bin": {"weights of PyTorch", "convert"},
		"pytorch_model.bin.index.json":     {"weights of PyTorch", "convert"},
		"consolidated.00.pth":              {"weights of PyTorch", "convert"},
		"ckpt.pt":                          {"weights of PyTorch", "convert"},
		"tf_model.h5":                      {"TensorFlow", "convert"},
		"flax_model.msgpack":               {"Flax", "convert"},
		"model.Q4_0.gguf":                  {"llama.cpp"},
		"adapter_model.safetensors":        {"LoRA", "adapter_config.json"},
		"gpt2.safetensors":                 {"another name", "rename it to model.safetensors"},
	} {
		dir := t.TempDir()
		check(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte("{}"), 0o666))
		wantError(t, checkpoints.LoadWeights(dir, weightsOf(0), checkpoints.Rules{}), append(want, name, "no weights", dir)...)
	}
	err := checkpoints.LoadWeights(t.TempDir(), weightsOf(0), checkpoints.Rules{})
	wantError(t, err, "no weights")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want it to be fs.ErrNotExist", err)
	}
}

// TestSharedForeign opens published files of other kinds.
func TestSharedForeign(t *testing.T) {
	for path, want := range map[string][]string{
		"faults/weights/lfs.safetensors":  {"Git LFS pointer", "git lfs pull"},
		"faults/weights/html.safetensors": {"web page", "download"},
		"faults/weights/gpt-binonly":      {"pytorch_model.bin", "convert"},
		"faults/weights/gpt-compiled":     {"unexpected"},
	} {
		wantError(t, checkpoints.LoadWeights(shared(t, path), weightsOf(0), checkpoints.Rules{}), want...)
	}
}

// TestPrefix: if all names differ by one prefix, the error names it.
func TestPrefix(t *testing.T) {
	for _, prefix := range []string{"_orig_mod.", "model.", "_orig_mod.module.transformer."} {
		prefixed := func(w checkpoints.Tensors) checkpoints.Tensors {
			var list []named
			for name, x := range w {
				list = append(list, named{prefix + name, x})
			}
			return pairs(list...)
		}
		dir := t.TempDir()
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: prefixed(weightsOf(1))}))
		wantError(t, checkpoints.LoadWeights(dir, weightsOf(0), checkpoints.Rules{}), "begin with \""+prefix+"\"", "Rules.Rename")
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: weightsOf(1)}))
		wantError(t, checkpoints.LoadWeights(dir, prefixed(weightsOf(0)), checkpoints.Rules{}), "lack \""+prefix+"\"", "Rules.Rename")
	}
}

// TestByteOrderMark: every JSON file of a model folder may begin with a byte order mark; the error for UTF-16 names it.
func TestByteOrderMark(t *testing.T) {
	dir := t.TempDir()
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: config{Layers: 3}, Weights: weightsOf(5), ShardBytes: 32}))
	for _, name := range []string{"config.json", "model.safetensors.index.json"} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		check(t, err)
		check(t, os.WriteFile(path, append([]byte("\ufeff"), text...), 0o666))
	}
	var c config
	check(t, checkpoints.ReadConfig(dir, &c))
	wantSame(t, "config", c.Layers, 3)
	wantWeights(t, dir, 5)
	for _, text := range []string{"\xff\xfe{\x00}\x00", "\xfe\xff\x00{\x00}"} {
		check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o666))
		wantError(t, checkpoints.ReadConfig(dir, &c), "config.json", "UTF-16", "UTF-8")
	}
}

// TestIndexMetadata: fields of the index other than weight_map do not matter.
func TestIndexMetadata(t *testing.T) {
	dir := t.TempDir()
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: weightsOf(5), ShardBytes: 32}))
	path := filepath.Join(dir, "model.safetensors.index.json")
	text, err := os.ReadFile(path)
	check(t, err)
	from := bytes.IndexByte(text[1:], '{') + 1
	to := bytes.IndexByte(text, '}') + 1
	for _, metadata := range []string{`{"total_size": 1234.0}`, `{"total_size": 1e3}`, `{"total_size": "many"}`, `{}`, `null`, `{"total_parameters": 3}`} {
		check(t, os.WriteFile(path, bytes.Replace(text, text[from:to], []byte(metadata), 1), 0o666))
		wantWeights(t, dir, 5)
	}
}
