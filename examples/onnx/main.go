// Onnx writes the model in a folder as an ONNX file, which ONNX Runtime runs in many languages and in browsers.
//
// It takes the folders of every family but the recurrent ones, in the Hugging Face layout, published or trained here. The numbers of texts
// and tokens are free when the file runs. Inputs and outputs have Hugging Face's names.
//
//	go run ./examples/onnx -model out/gpt -out gpt.onnx
//	go run ./examples/onnx -h                               list the flags, in groups
package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/onnxfolder"
)

func main() { program(os.Stdout).Main() }

const about = "Onnx writes the model in a folder as an ONNX file, which ONNX Runtime runs in many languages and in browsers."

// program declares the command, which writes to w.
func program(w io.Writer) flags.Program {
	o := &options{opset: onnx.FirstOpset}
	return flags.Program{Name: "onnx", About: about, Commands: []flags.Command{
		{About: "write a model as an ONNX file", Example: "-model out/gpt -out gpt.onnx", Flags: o.flags, Run: func() error { return o.run(w) }},
	}}
}

// options holds the flags.
type options struct {
	model, out     string
	opset, context int
}

func (o *options) flags(f *flags.Set) {
	f.Group("Model")
	f.StringVar(&o.model, "model", o.model, "`folder` of the model")
	f.IntVar(&o.context, "context", o.context, "largest number of tokens in a text; 0 means the model's own")
	f.Group("Output")
	f.StringVar(&o.out, "out", o.out, "new `file`; the weights of a model above 2 GiB are in a second file, with .data after the name")
	f.IntVar(&o.opset, "opset", o.opset, fmt.Sprintf("version of ONNX's operator set, %d to %d", onnx.FirstOpset, onnx.LastOpset))
}

func (o *options) check() error {
	switch {
	case o.model == "":
		return errors.New("-model is missing: want the folder of a model")
	case o.out == "":
		return errors.New("-out is missing: want a name for the file, such as model.onnx")
	case o.opset < onnx.FirstOpset || o.opset > onnx.LastOpset:
		return errors.Errorf("-opset is %d, want %d to %d", o.opset, onnx.FirstOpset, onnx.LastOpset)
	}
	return cmp.Or(flags.AtLeast("context", o.context, 0), flags.NewFile("out", o.out), flags.Model("model", o.model), flags.WholeModel("model", o.model))
}

func (o *options) run(w io.Writer) error {
	if err := o.check(); err != nil {
		return err
	}
	m, err := onnxfolder.Translate(o.model, onnxfolder.Options{Opset: o.opset, Context: o.context})
	if err != nil {
		return err
	}
	if err := m.Save(o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s: %s → %s\n", o.out, list(m.Inputs), list(m.Outputs))
	return errors.WithStack(err)
}

// list describes inputs or outputs.
func list(values []onnx.Value) string {
	all := make([]string, len(values))
	for i, v := range values {
		dims := make([]string, len(v.Shape))
		for k, d := range v.Shape {
			dims[k] = cmp.Or(d.Name, strconv.Itoa(d.Size))
		}
		all[i] = fmt.Sprintf("%s (%s)", v.Name, strings.Join(dims, ", "))
	}
	return strings.Join(all, ", ")
}
