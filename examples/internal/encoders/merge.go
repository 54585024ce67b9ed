package encoders

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Merging is the command merge.
type Merging struct {
	Program string // name of the program
	Next    string // command that uses the result

	model, out string
}

// Flags declares the flags.
func (g *Merging) Flags(f *flags.Set) {
	f.StringVar(&g.model, "model", "", "`folder` of an adapter")
	f.StringVar(&g.out, "out", "", "`folder` of the merged model")
}

// Run writes the model of an adapter as a whole model.
func (g *Merging) Run(w io.Writer) error {
	if err := g.check(); err != nil {
		return err
	}
	m, err := Open(g.model)
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	if _, err := graph.Build(params, graph.Eval, models.Declaration(m)); err != nil { // declares the parameters
		return err
	}
	if err := LoadWhole(g.model, m, params.All()); err != nil {
		return err
	}
	tok, err := tokenize.Load(g.model)
	if err != nil {
		return err
	}
	files, err := tok.ModelFiles()
	if err != nil {
		return err
	}
	if err := checkpoints.SaveModel(g.out, checkpoints.Model{Config: m, Weights: params.All(), Files: files}); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "merged the adapter into %s\nnext: %s -model %s\n", g.out, flags.Call(g.Program, g.Next), g.out)
	return errors.WithStack(err)
}

func (g *Merging) check() error {
	if g.out == "" {
		return errors.New("-out is missing: name a folder for the merged model")
	}
	if err := flags.First(flags.Output("out", g.out), flags.Model("model", g.model)); err != nil {
		return err
	}
	if !checkpoints.IsAdapter(g.model) {
		return errors.Errorf("-model is %q, which is no adapter: name an adapter to merge", g.model)
	}
	if filepath.Clean(g.model) == filepath.Clean(g.out) {
		return errors.Errorf("-out is %q, the folder that is merged: choose another", g.out)
	}
	return flags.NewOutput("out", g.out)
}
