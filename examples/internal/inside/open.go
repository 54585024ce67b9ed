package inside

import (
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// Open opens the model in a folder or a GGUF file, of any family.
func Open(dir string) (*Model, error) { return OpenAfter(0, dir) }

// OpenAfter opens a checkpoint, whose weights are those after a step, as Open does.
func OpenAfter(step int, dir string) (*Model, error) {
	opened, err := folder.OpenAny(dir)
	if err != nil {
		return nil, err
	}
	m := &Model{Model: opened}
	switch f := opened.(type) {
	case models.ViT:
		if m.Pictures, err = digits(dir, f); err != nil {
			return nil, err
		}
	case models.SASRec: // reads items
	default:
		if m.Tokenizer, err = folder.Tokenizer(dir); err != nil {
			return nil, err
		}
		if m.Cuts, err = Cutters(nil); err != nil {
			return nil, err
		}
	}
	return m, m.Reopen(step, dir)
}

// Reopen makes the newest weights those in a folder or a GGUF file, after a step.
func (m *Model) Reopen(step int, dir string) error {
	params := graph.NewParams(tensor.Float32, 1)
	if err := m.LoadFolder(dir, params); err != nil {
		return err
	}
	m.Set(step, params)
	return nil
}

// LoadFolder reads the weights in a folder or a GGUF file into params.
func (m *Model) LoadFolder(dir string, params *graph.Params) error {
	if err := folder.ExpectIn(params, dir, m.Model); err != nil {
		return err
	}
	if err := inspect.New(params, m.Model).Declare(); err != nil {
		return err
	}
	return folder.Load(dir, m.Model, params.All())
}

// Cutters returns tokenizers of characters, of words and of subwords in two sizes. on trains one on the texts of a run, as those of
// package vocabulary do; nil means the sentences of Samples and, if the Go distribution has it, Newton's Opticks.
func Cutters(on func(trainer.Trainer) (*tokenize.Tokenizer, error)) (all []Cutter, err error) {
	if on == nil {
		return usual()
	}
	return cutters(on)
}

// usual returns the tokenizers of models whose own texts are not known.
var usual = sync.OnceValues(func() ([]Cutter, error) {
	texts := Samples()
	if path, err := goroot.Opticks(); err == nil {
		book, err := os.ReadFile(path)
		if err != nil {
			return nil, errors.WithStack(err)
		}
		texts = append(texts, strings.SplitAfter(string(book), "\n")...)
	}
	return cutters(func(t trainer.Trainer) (*tokenize.Tokenizer, error) { return t.Train(slices.Values(texts)) })
})

func cutters(on func(trainer.Trainer) (*tokenize.Tokenizer, error)) (all []Cutter, err error) {
	for _, c := range []struct {
		name string
		trainer.Trainer
	}{
		{"characters", trainer.Char{Unknown: "<|unknown|>"}},
		{"words", trainer.Word{Unknown: "<|unknown|>", VocabSize: 8000}},
		{"subwords 500", trainer.BPE{VocabSize: 500}},
		{"subwords 4,000", trainer.BPE{VocabSize: 4000}},
	} {
		tok, err := on(c.Trainer)
		if err != nil {
			return nil, err
		}
		all = append(all, Cutter{c.name, tok})
	}
	return all, nil
}
