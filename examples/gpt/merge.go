package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
)

// adapterHelp is the help of -adapter.
const adapterHelp = "`folder` of a LoRA adapter to add to -model: of train -lora, or of PEFT. The folder of an adapter may also be -model if its base model still has its place"

// merging holds the flags of merge.
type merging struct{ model, adapter, out string }

func (g *merging) flags(f *flags.Set) {
	f.StringVar(&g.model, "model", "", "`folder` of an adapter, or of the base model of -adapter")
	f.StringVar(&g.adapter, "adapter", "", adapterHelp)
	f.StringVar(&g.out, "out", "", "`folder` of the merged model")
}

// run writes a model whose weights include an adapter, and its tokenizer.
func (g *merging) run(w io.Writer) error {
	if err := g.check(); err != nil {
		return err
	}
	m, tok, err := open(g.model, false)
	if err != nil {
		return err
	}
	params, err := folder.Expect(g.model, m)
	if err != nil {
		return err
	}
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 1)); err != nil { // declares the parameters
		return err
	}
	if err := folder.Load(g.model, m.LanguageModel, params.All()); err != nil {
		return err
	}
	if g.adapter != "" {
		if err := adapter.Merge(g.adapter, m.LanguageModel, params.All()); err != nil {
			return err
		}
	}
	files, err := tok.ModelFiles()
	if err != nil {
		return err
	}
	if err := checkpoints.SaveModel(g.out, checkpoints.Model{Config: m, Weights: params.All(), Files: files}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "merged the adapter into %s\nnext: %s -model %s\n", g.out, flags.Call("gpt", "generate"), g.out)
	return errors.WithStack(err)
}

func (g *merging) check() error {
	if g.out == "" {
		return errors.New("-out is missing: name a folder for the merged model")
	}
	if err := flags.First(flags.Output("out", g.out), adapter.CheckFolder(g.adapter), flags.Model("model", g.model)); err != nil {
		return err
	}
	if g.adapter == "" && !checkpoints.IsAdapter(g.model) {
		return errors.Errorf("-model is %q, which is no adapter, and -adapter is missing: name an adapter to merge", g.model)
	}
	for _, dir := range []string{g.model, g.adapter} {
		if dir != "" && filepath.Clean(dir) == filepath.Clean(g.out) {
			return errors.Errorf("-out is %q, the folder that is merged: choose another", g.out)
		}
	}
	return flags.NewOutput("out", g.out)
}
