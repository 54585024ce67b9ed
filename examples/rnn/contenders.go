package main

import (
	"math"
	"path/filepath"
	"sort"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// contender is a model of a comparison.
type contender struct {
	name, title   string // lstm, LSTM
	layers, width int
	parameters    int
	rate          float64 // highest learning rate
	model         models.LanguageModel
}

// names are the folders of the models.
var names = []string{"gru", "lstm", "transformer"}

// dir returns the folder of the run of a model.
func (o *options) dir(name string) string { return filepath.Join(o.Out, o.name, name) }

// contenders returns the models: a Transformer of the sizes in the flags, and an RNN of each cell with about as many parameters.
func (o *options) contenders(vocab, window int) ([]contender, error) {
	last := contender{name: names[2], title: "Transformer", layers: o.layers, width: o.dim, rate: o.LR, model: o.transformer(vocab, window)}
	var err error
	if last.parameters, err = parameters(last.model); err != nil {
		return nil, err
	}
	var all []contender
	for i, title := range []string{"GRU", "LSTM"} {
		c := contender{name: names[i], title: title, layers: o.recLayer, rate: o.recLR}
		m := models.RNN{LSTM: title == "LSTM", Vocab: vocab, Context: window, Layers: o.recLayer, Dropout: o.dropout}
		m.Dim = fit(m, last.parameters)
		c.width, c.model = m.Dim, m
		if c.parameters, err = parameters(m); err != nil {
			return nil, err
		}
		if d := c.parameters - last.parameters; 50*max(d, -d) > last.parameters {
			return nil, errors.Errorf("-dim is %d: the %s with the nearest size has %d parameters and the Transformer %d, want at most 2 %% between them: "+
				"choose another -dim", o.dim, title, c.parameters, last.parameters)
		}
		all = append(all, c)
	}
	return append(all, last), nil
}

// transformer returns a GPT-2 of the sizes in the flags.
func (o *options) transformer(vocab, window int) models.GPT {
	return models.GPT{
		Vocab: vocab, Context: window, Layers: o.layers, Heads: o.heads, Dim: o.dim,
		EmbedDropout: o.dropout, Dropout: o.dropout, AttnDropout: o.dropout,
		InitStd: 0.72 / math.Sqrt(float64(o.dim)), // a small model learns much more slowly with GPT-2's 0.02
	}
}

// mostWidth is the largest width of an RNN.
const mostWidth = 1 << 14

// fit returns the width of an RNN whose number of parameters is nearest to want. The number grows with the width.
func fit(m models.RNN, want int) int {
	gates := 3
	if m.LSTM {
		gates = 4
	}
	size := func(width int) int { return m.Vocab*(width+1) + m.Layers*gates*2*width*(width+1) }
	over := 1 + sort.Search(mostWidth, func(w int) bool { return size(w+1) >= want }) // the first of at least want parameters
	if under := over - 1; under > 0 && want-size(under) <= size(over)-want {
		return under
	}
	return over
}

// parameters returns the number of parameters of a model. It allocates none.
func parameters(m models.LanguageModel) (int, error) {
	r, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Eval, m.Logits(1, 1))
	return r.Parameters, err
}

// String returns the title with its article.
func (c contender) String() string {
	if c.title == "LSTM" {
		return "an LSTM"
	}
	return "a " + c.title
}
