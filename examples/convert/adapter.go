package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// isAdapter reports whether -model is an adapter: a folder of PEFT's files or a GGUF file.
func (c *conversion) isAdapter() (bool, error) {
	if !flags.IsGGUF(c.model) {
		return checkpoints.IsAdapter(c.model), nil
	}
	f, err := gguf.Open(c.model)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return models.IsGGUFAdapter(f), nil
}

// adapter converts an adapter, between a folder of PEFT's files and a GGUF file.
func (c *conversion) adapter(w io.Writer) (err error) {
	if err := c.checkAdapter(); err != nil {
		return err
	}
	n := 0
	if flags.IsGGUF(c.out) {
		n, err = c.adapterToGGUF()
	} else {
		n, err = c.adapterToFolder()
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: an adapter of %d layers of the model in %s\n", c.out, n, c.base)
	return errors.WithStack(err)
}

// checkAdapter returns an error for a flag that adapters do not have, and finds the base.
func (c *conversion) checkAdapter() (err error) {
	toFile := flags.IsGGUF(c.out)
	switch {
	case c.data != "":
		return errors.Errorf("-data is %q, but %s is an adapter, which has no loss of its own: leave the flag out", c.data, c.model)
	case c.body:
		return errors.Errorf("-body is for encoders, and %s is an adapter: leave the flag out", c.model)
	case c.kind != "f32" && c.kind != "f16":
		return errors.Errorf("-type is %s, but %s is an adapter, whose matrices are too narrow for it: want f32 or f16", c.kind, c.model)
	case toFile == flags.IsGGUF(c.model):
		return errors.Errorf("-model is %q, an adapter, and so is -out %q of the same kind: name a folder and a .gguf file, or write the whole model with %s", c.model, c.out, flags.Call("gpt", "merge"))
	case c.base != "":
		return flags.AnyModel("base", c.base)
	case !toFile:
		return errors.Errorf("-base is missing: %s does not know its base model", c.model)
	}
	c.base, err = adapter.Below(c.model)
	return err
}

// adapterToGGUF writes a GGUF file and returns the number of layers.
func (c *conversion) adapterToGGUF() (int, error) {
	m, err := baseOf(c.base)
	if err != nil {
		return 0, err
	}
	opened, err := adapter.Open(c.model, m)
	if err != nil {
		return 0, err
	}
	if len(opened.Saved) > 0 {
		return 0, errors.Errorf("%s has whole layers, %v, which a GGUF adapter cannot hold: merge it into its base", c.model, opened.Saved)
	}
	own := layers.NewWeights(opened.Layers, nil)
	if err := opened.Load(maps.All(own), ""); err != nil {
		return 0, err
	}
	form, err := models.NewGGUFAdapter(opened.LoRA, m, own)
	if err != nil {
		return 0, err
	}
	kind, _ := gguf.ParseType(c.kind) // check has validated it
	form.Keys["general.name"], form.Keys["general.file_type"] = filepath.Base(filepath.Clean(c.model)), kind.FileType()
	var tensors []gguf.Tensor
	for _, t := range form.Tensors {
		tensors = append(tensors, gguf.Tensor{Name: t.Name, Type: kind, Shape: t.Shape, Values: func() ([]float32, error) { return t.Values, nil }})
	}
	return len(opened.Layers), gguf.Write(c.out, form.Keys, tensors)
}

// adapterToFolder writes a folder of PEFT's files and returns the number of layers.
func (c *conversion) adapterToFolder() (int, error) {
	m, err := baseOf(c.base)
	if err != nil {
		return 0, err
	}
	f, err := gguf.Open(c.model)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	l, weights, err := models.OpenGGUFAdapter(f, m)
	if err != nil {
		return 0, errors.WithMessage(err, c.model)
	}
	base, err := filepath.Abs(c.base)
	if err != nil {
		return 0, errors.WithStack(err)
	}
	a, err := models.NewAdapter(l, m, base)
	if err != nil {
		return 0, err
	}
	published := func(yield func(string, *tensor.Dense) bool) {
		for path, x := range weights {
			if !yield(a.Published(m, path), x) {
				return
			}
		}
	}
	return len(weights) / 2, checkpoints.SaveModel(c.out, checkpoints.Model{Config: m, Weights: published, Adapter: &checkpoints.Adapter{Config: a}})
}

// baseOf returns the model in a folder or a GGUF file, without its weights.
func baseOf(path string) (models.Model, error) {
	path, err := adapter.Base(path)
	if err != nil {
		return nil, err
	}
	if !flags.IsGGUF(path) {
		return models.Open(path)
	}
	f, err := folder.OpenGGUF(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Model, nil
}
