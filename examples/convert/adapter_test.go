package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// TestAdapter: an adapter as PEFT wrote it becomes a GGUF file with llama.cpp's keys, and a folder again without a changed bit.
func TestAdapter(t *testing.T) {
	dir, other := shared(t, "golden/lora-tiny"), shared(t, "golden/llama-tiny")
	t.Chdir(t.TempDir())
	base := "base"
	check(t, os.CopyFS(base, os.DirFS(dir)))
	for _, name := range []string{"adapter_config.json", "adapter_model.safetensors"} {
		check(t, os.Remove(filepath.Join(base, name)))
	}
	check(t, os.CopyFS("peft", os.DirFS(dir)))
	check(t, os.Remove("peft/model.safetensors"))
	_, err := convert("-model", "peft", "-base", base, "-out", "a.gguf")
	check(t, err)
	f, err := gguf.Open("a.gguf")
	check(t, err)
	keys, names := f.Metadata(), f.Names()
	check(t, f.Close())
	if keys["general.type"] != "adapter" || keys["adapter.type"] != "lora" || !slices.Contains(names, "blk.0.attn_qkv.weight.lora_a") && !slices.Contains(names, "blk.0.attn_q.weight.lora_a") {
		t.Errorf("got keys %v and tensors %v, want those of llama.cpp", keys, names)
	}
	_, err = convert("-model", "a.gguf", "-base", base, "-out", "again")
	check(t, err)
	x, err := checkpoints.Read("peft/adapter_model.safetensors")
	check(t, err)
	y, err := checkpoints.Read("again/adapter_model.safetensors")
	check(t, err)
	if len(x) == 0 || !slices.Equal(slices.Sorted(maps.Keys(x)), slices.Sorted(maps.Keys(y))) {
		t.Fatalf("got %v, want %v", slices.Sorted(maps.Keys(y)), slices.Sorted(maps.Keys(x)))
	}
	for name := range x {
		if !equalBits(x[name], y[name]) {
			t.Errorf("%s has changed", name)
		}
	}
	for args, want := range map[string]string{
		"-model a.gguf -out z":                             "-base is missing: a.gguf does not know its base",
		"-model peft -base base -out z":                    "write the whole model with",
		"-model peft -base base -out z.gguf -type q8_0":    "-type is q8_0, but peft is an adapter",
		"-model peft -base base -out z.gguf -data base":    "-data is",
		"-model peft -base base -out z.gguf -body":         "-body is for encoders",
		"-model base -base base -out z.gguf":               "-base is \"base\", but base is no adapter",
		"-model peft -base nowhere -out z.gguf":            `-base is "nowhere", which does not exist`,
		"-model a.gguf -base " + other + " -out elsewhere": "general.architecture is",
	} {
		if _, err := convert(strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", args, err, want)
		}
	}
}
