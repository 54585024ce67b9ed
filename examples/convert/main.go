// Convert turns the folder of a model into a GGUF file for llama.cpp and the programs around it, and a GGUF file into a folder in the
// Hugging Face layout. It can quantize the weights on the way, and show the cost.
//
//	go run ./examples/convert -model out/gpt -out gpt.gguf                     float32: no bit changes
//	go run ./examples/convert -model out/gpt -out gpt.gguf -type q8_0 -data TEXT  a quarter of the size, and both losses on a text
//	go run ./examples/convert -model gpt.gguf -out out/again                   back into a folder
//	go run ./examples/convert -model out/lora -out lora.gguf                   an adapter, for llama.cpp's --lora
//	go run ./examples/convert -model lora.gguf -base out/gpt -out out/lora     and back into PEFT's files
//
// The tokenizer and the chat template go along. Folders may have their weights in shards, and -shard writes shards. A folder becomes
// a file one tensor at a time, so it takes little memory. It takes seconds for a small model.
package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

func main() { program(os.Stdout).Main() }

const about = "Convert turns the folder of a model into a GGUF file, the format of llama.cpp, or a GGUF file into a folder. It prints the sizes " +
	"and, with -data, the loss of both models on a text."

// program declares the command, which writes to w.
func program(w io.Writer) flags.Program {
	c := new(conversion)
	return flags.Program{Name: "convert", About: about, Commands: []flags.Command{
		{About: "convert a model", Example: "-model out/gpt -out gpt.gguf -type q8_0", Flags: c.flags, Run: func() error { return c.run(w) }},
	}}
}

// conversion holds the flags.
type conversion struct {
	model, out, kind string
	base             string // of an adapter
	body             bool
	shard            int
	data             string
	encoding         textfile.Encoding
	batch            int
}

func (c *conversion) flags(f *flags.Set) {
	f.Group("Model")
	f.StringVar(&c.model, "model", "out/gpt", "`path` of the model or of a LoRA adapter: a folder or a .gguf file")
	f.StringVar(&c.out, "out", "", "`path` of the result: a file that ends in .gguf, or a folder")
	f.StringVar(&c.kind, "type", "f32", "`name` of the type of the matrices in a .gguf file: "+gguf.TypeNames()+"; vectors stay f32")
	f.StringVar(&c.base, "base", "", "`path` of the base model of an adapter, a folder or a .gguf file (default: as in adapter_config.json)")
	f.BoolVar(&c.body, "body", false, "leave out the head of a BERT, a RoBERTa or a ModernBERT, for programs that only embed texts")
	f.IntVar(&c.shard, "shard", 0, "largest number of bytes of a file of weights in a folder; 0 means 5,000,000,000")
	f.Group("Loss")
	f.StringVar(&c.data, "data", "", "`path` of a text on which both models are scored: a file, a folder or a glob, .gz too")
	f.TextVar(&c.encoding, "encoding", c.encoding, flags.EncodingHelp)
	f.IntVar(&c.batch, "batch", 4, "windows in a batch of the text")
}

// check returns an error for the first invalid flag.
func (c *conversion) check() error {
	if _, ok := gguf.ParseType(c.kind); !ok {
		return errors.Errorf("-type is %q, want one of %s", c.kind, gguf.TypeNames())
	}
	same := filepath.Clean(c.model) == filepath.Clean(c.out)
	switch toFile := flags.IsGGUF(c.out); {
	case c.out == "":
		return errors.New("-out is missing: name a .gguf file or a folder")
	case same:
		return errors.Errorf("-out is %q, which is also -model: name another path", c.out)
	case !toFile && c.kind != "f32":
		return errors.Errorf("-type is %s, but -out %s is a folder, which holds float32: name a file that ends in .gguf", c.kind, c.out)
	case toFile && c.shard != 0:
		return errors.Errorf("-shard is %d, but -out %s is one file: leave the flag out", c.shard, c.out)
	case toFile:
		if info, err := os.Stat(c.out); err == nil && info.IsDir() {
			return errors.Errorf("-out is %q, which is a folder: want a file", c.out)
		}
	}
	return flags.First(flags.NewOutput("out", c.out), flags.AtLeast("shard", c.shard, 0), flags.AtLeast("batch", c.batch, 1), flags.Input("data", c.data), flags.AnyModel("model", c.model),
		flags.Output("out", filepath.Dir(c.out)))
}

// run converts the model.
func (c *conversion) run(w io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	if is, err := c.isAdapter(); err != nil {
		return err
	} else if is {
		return c.adapter(w)
	} else if c.base != "" {
		return errors.Errorf("-base is %q, but %s is no adapter: leave the flag out", c.base, c.model)
	}
	from, err := open(c.model)
	if err != nil {
		return err
	}
	defer from.close()
	if c.body {
		encoder, ok := from.model.(models.TextEncoder)
		if !ok {
			return errors.Errorf("-body is for encoders of texts, the model in %s is %T: leave the flag out", c.model, from.model)
		}
		from.setModel(encoder.Body())
	}
	if _, causal := from.model.(models.LanguageModel); c.data != "" && !causal {
		return errors.Errorf("-data is %q, but the model in %s predicts no next token: leave the flag out", c.data, c.model)
	}
	if err := from.check(); err != nil {
		return err
	}
	if flags.IsGGUF(c.out) {
		err = c.toGGUF(w, from)
	} else {
		err = c.toFolder(w, from)
	}
	if err != nil || c.data == "" {
		return err
	}
	return c.compare(w)
}
