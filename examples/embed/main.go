// Embed turns sentences into vectors with a BERT, a RoBERTa or a ModernBERT, and finds the sentences of a file that are nearest to a text.
//
// It reads a model folder in the Hugging Face layout, config.json, model.safetensors and the tokenizer, or a .gguf file. The vector of a sentence is the
// mean of the vectors of its tokens, or with -pooling cls the vector of its first token. A folder of sentence-transformers says which in
// 1_Pooling/config.json, a .gguf file in its metadata. The nearness of two sentences is the cosine of the angle between their vectors.
//
//	go run ./examples/embed -model DIR -data sentences.txt -text "how do I reset my password?"
//	go run ./examples/embed -model DIR -data sentences.txt                 ask for texts, or read one per line from a pipe
//	go run ./examples/embed -model DIR -data sentences.txt -vectors vectors.safetensors
//	go run ./examples/embed -h                                             list the flags, in groups
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

func main() { program(os.Stdout).Main() }

const about = "Embed turns sentences into vectors with a BERT, a RoBERTa or a ModernBERT, and finds the sentences of a file that are nearest to a text."

// program declares the command, which writes to w.
func program(w io.Writer) flags.Program {
	o := &options{batch: 32, nearest: 5}
	return flags.Program{Name: "embed", About: about, Commands: []flags.Command{
		{About: "find the sentences nearest to a text", Example: `-model bert -data sentences.txt -text "a charming journey"`,
			Flags: o.flags, Run: func() error { return o.run(w) }},
	}}
}

// options holds the flags.
type options struct {
	model, data, text, vectors, pooling string
	encoding                            textfile.Encoding
	batch, nearest                      int

	set *flags.Set
}

func (o *options) flags(f *flags.Set) {
	o.set = f
	f.Group("Model")
	f.StringVar(&o.model, "model", o.model, "`folder` of the model, or a .gguf file")
	f.StringVar(&o.pooling, "pooling", o.pooling, "mean, cls or pooler: the vector of a sentence (default: that of 1_Pooling/config.json or of the .gguf file, or mean)")
	f.Group("Sentences")
	f.StringVar(&o.data, "data", o.data, "`file` of sentences, one per line, .gz too")
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	f.StringVar(&o.text, "text", o.text, "text to compare with the sentences (default: asks on a terminal, else reads one text per line)")
	f.IntVar(&o.nearest, "nearest", o.nearest, "number of sentences to print")
	f.IntVar(&o.batch, "batch", o.batch, "sentences that the model reads at once")
	f.Group("Output")
	f.StringVar(&o.vectors, "vectors", o.vectors, "new `file` for the vectors of the sentences, as safetensors, instead of an answer")
}

func (o *options) check() error {
	switch {
	case o.model == "":
		return errors.New("-model is missing: want the folder of a BERT, a RoBERTa or a ModernBERT")
	case o.data == "":
		return errors.New("-data is missing: want a file of sentences, one per line")
	case o.pooling != "" && o.pooling != "mean" && o.pooling != "cls" && o.pooling != "pooler":
		return errors.Errorf("-pooling is %q, want mean, cls or pooler", o.pooling)
	case o.set.Given("text") && strings.TrimSpace(o.text) == "":
		return errors.Errorf("-text is %q, want a text", o.text)
	case o.set.Given("text") && o.vectors != "":
		return errors.New("-text and -vectors exclude each other: give one of them")
	}
	return flags.First(flags.AtLeast("nearest", o.nearest, 1), flags.AtLeast("batch", o.batch, 1), flags.NewFile("vectors", o.vectors), flags.File("data", o.data), flags.WholeModel("model", o.model))
}

// run embeds the sentences of -data and answers -text, or each text of standard input, or writes -vectors.
func (o *options) run(w io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	e, err := open(o.model, o.pooling)
	if err != nil {
		return err
	}
	sentences, err := o.sentences()
	if err != nil {
		return err
	}
	vectors, err := e.embed(sentences, o.batch)
	if err != nil {
		return err
	}
	if o.vectors != "" {
		return save(w, o.vectors, vectors)
	}
	var in io.Reader
	if o.set.Given("text") {
		in = strings.NewReader(o.text + "\n")
	}
	return prompts.Prompts{Name: "embed", In: in}.Each(func(_ context.Context, text string) error {
		found, err := e.embed([]string{text}, 1)
		if err != nil {
			return err
		}
		for _, n := range nearest(found[0], vectors, o.nearest) {
			if _, err := fmt.Fprintf(w, "%.4f\t%s\n", n.cosine, sentences[n.index]); err != nil {
				return errors.WithStack(err)
			}
		}
		return nil
	})
}

// sentences returns the lines of -data that hold text.
func (o *options) sentences() (all []string, err error) {
	for line, err := range (textfile.Set{Paths: []string{o.data}, Encoding: o.encoding}).Lines() {
		if err != nil {
			return nil, err
		}
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	if len(all) == 0 {
		return nil, errors.Errorf("-data is %q, which has no sentences: want one per line", o.data)
	}
	return all, nil
}

// save writes vectors to a file as the tensor "embeddings", one row per sentence.
func save(w io.Writer, path string, vectors [][]float32) error {
	n := len(vectors[0])
	all := make([]float32, 0, len(vectors)*n)
	for _, v := range vectors {
		all = append(all, v...)
	}
	t := tensor.New(tensor.WithShape(len(vectors), n), tensor.WithBacking(all))
	err := checkpoints.Write(path, func(yield func(string, *tensor.Dense) bool) { yield("embeddings", t) }, nil)
	if err != nil {
		return errors.WithMessage(err, "-vectors")
	}
	_, err = fmt.Fprintf(w, "%d vectors of %d numbers in %s\n", len(vectors), n, path)
	return errors.WithStack(err)
}
