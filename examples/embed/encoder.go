package main

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// encoder embeds texts.
type encoder struct {
	model  models.TextEncoder
	tok    *tokenize.Tokenizer
	params *graph.Params

	program *graph.Program
	rows    int   // of the Program's batches
	lengths []int // of the Program's texts, ascending
}

// open reads a model: a folder or a GGUF file.
func open(dir, pooling string) (*encoder, error) {
	m, err := folder.OpenAny(dir)
	if err != nil {
		return nil, err
	}
	text, ok := m.(models.TextEncoder)
	if !ok {
		return nil, errors.Errorf("%s: the model is a %T, want a BERT, a RoBERTa or a ModernBERT", dir, m)
	}
	if pooling == "" {
		if pooling, err = poolingOf(dir, text); err != nil {
			return nil, err
		}
	}
	if text, err = pooled(text.Body(), pooling); err != nil {
		return nil, err
	}
	tok, err := folder.Tokenizer(dir)
	if err != nil {
		return nil, err
	}
	tok.Truncation, tok.Padding = nil, nil // the model's window cuts; the special tokens around a text stay
	e := &encoder{model: text, tok: tok}
	if e.params, err = folder.Expect(dir, text); err != nil {
		return nil, err
	}
	if err := e.build(1, e.window(1)); err != nil { // declares the parameters
		return nil, err
	}
	return e, folder.Load(dir, text, e.params.All())
}

// pooled returns the model with the pooling of this name.
func pooled(m models.TextEncoder, pooling string) (models.TextEncoder, error) {
	switch b := m.(type) {
	case models.BERT:
		b.Pooling = pooling
		return b, b.Check()
	case models.ModernBERT:
		b.Pooling = pooling
		return b, b.Check()
	}
	return m, nil
}

// poolingOf returns the pooling of a GGUF file or of a folder of sentence-transformers, and mean for others.
func poolingOf(dir string, m models.TextEncoder) (string, error) {
	if flags.IsGGUF(dir) {
		switch m := m.(type) {
		case models.BERT:
			return cmp.Or(m.Pooling, "mean"), nil
		case models.ModernBERT:
			return cmp.Or(m.Pooling, "mean"), nil
		}
	}
	path := filepath.Join(dir, "1_Pooling", "config.json")
	var j struct {
		CLS   bool  `json:"pooling_mode_cls_token"`
		Mean  *bool `json:"pooling_mode_mean_tokens"`
		Max   bool  `json:"pooling_mode_max_tokens"`
		Root  bool  `json:"pooling_mode_mean_sqrt_len_tokens"`
		Whole bool  `json:"pooling_mode_weightedmean_tokens"`
		Last  bool  `json:"pooling_mode_lasttoken"`
	}
	switch err := checkpoints.ReadJSON(path, &j); {
	case errors.Is(err, fs.ErrNotExist):
		return "mean", nil
	case err != nil:
		return "", err
	case j.Max || j.Root || j.Whole || j.Last || j.CLS && j.Mean != nil && *j.Mean:
		return "", errors.Errorf("%s: want either pooling_mode_mean_tokens or pooling_mode_cls_token alone: choose with -pooling", path)
	case j.CLS:
		return "cls", nil
	}
	return "mean", nil
}

// window returns the length of the model's texts for texts of n tokens: a power of two of at least 8, or the model's limit.
func (e *encoder) window(n int) int {
	w := 8
	for w < n {
		w *= 2
	}
	return min(w, e.model.Window())
}

// build builds the Program for batches of this many texts of these lengths.
func (e *encoder) build(rows int, lengths ...int) (err error) {
	e.rows, e.lengths = rows, lengths
	e.program, err = graph.BuildShapes(e.params, graph.Eval, lengths, func(s *graph.Scope, t int) { e.model.Embeddings(rows, t)(s) })
	return err
}

// encode returns the ids of a text, shortened to the model's limit.
func (e *encoder) encode(text string) ([]int32, error) {
	text, err := e.tok.TruncateText(text, e.model.Window())
	if err != nil {
		return nil, err
	}
	ids, err := e.tok.AppendEncode(nil, text)
	if err == nil && len(ids) == 0 {
		err = errors.Errorf("the text %q has no tokens", text)
	}
	return ids, err
}

// embed returns a vector for each text. It reads texts of similar lengths together, up to rows at once.
func (e *encoder) embed(texts []string, rows int) ([][]float32, error) {
	ids, order := make([][]int32, len(texts)), make([]int, len(texts))
	var lengths []int
	for i, text := range texts {
		var err error
		if ids[i], err = e.encode(text); err != nil {
			return nil, err
		}
		order[i] = i
		lengths = append(lengths, e.window(len(ids[i])))
	}
	slices.Sort(lengths)
	lengths = slices.Compact(lengths)
	rows = min(rows, len(texts))
	if rows != e.rows || !slices.Equal(lengths, e.lengths) {
		if err := e.build(rows, lengths...); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(ids[i]), len(ids[j])) })
	vectors := make([][]float32, len(texts))
	for batch := range slices.Chunk(order, rows) {
		if err := e.run(batch, ids, vectors); err != nil {
			return nil, err
		}
	}
	return vectors, nil
}

// run sets the vectors of a batch, whose last text is the longest. Missing texts are repeated.
func (e *encoder) run(batch []int, ids [][]int32, vectors [][]float32) error {
	t := e.window(len(ids[batch[len(batch)-1]]))
	tokens, lengths := make([]int32, e.rows*t), make([]int32, e.rows)
	pad, _ := e.tok.Pad()
	for r := range e.rows {
		row := ids[batch[min(r, len(batch)-1)]]
		lengths[r] = int32(copy(tokens[r*t:][:t], row))
		for i := len(row); i < t; i++ {
			tokens[r*t+i] = pad
		}
	}
	err := e.program.Run(graph.Feed{
		"tokens":  tensor.New(tensor.WithShape(e.rows, t), tensor.WithBacking(tokens)),
		"lengths": tensor.New(tensor.WithShape(e.rows), tensor.WithBacking(lengths)),
	})
	if err != nil {
		return err
	}
	found := e.program.Output("embeddings")
	n := found.Shape()[1]
	for r, i := range batch {
		vectors[i] = slices.Clone(found.Float32s()[r*n:][:n])
	}
	return nil
}
