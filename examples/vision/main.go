// Vision trains a small Vision Transformer to name the class of a picture.
//
// With no arguments it draws digits in Go's fonts, turned, slanted, moved and with noise, and learns to read them in about a minute on two
// cores. It saves the model to out/vision, scores it on digits that it has not seen, and draws a map of its attention. The flags of train
// work without a command too. Each command does one thing:
//
//	go run ./examples/vision train -images FILE -labels FILE -out DIR …
//	go run ./examples/vision eval -model DIR                        score the test pictures of the run, or -images FILE -labels FILE
//	go run ./examples/vision predict -model DIR -picture x.png      name the class of a picture
//	go run ./examples/vision attention -model DIR -picture x.png    draw the patches that the model looks at
//	go run ./examples/vision help train                             list the flags, in groups
//
// Data are idx files, the format of MNIST: pictures and their labels, from 0. The fraction -held-out of the pictures chooses the best
// checkpoint. The end of the run scores -test-images once. Ctrl-C finishes the step, saves and leaves; train -resume -out DIR continues
// the run bit for bit with its own settings. The flag -dry-run prints time and memory. The model is a folder in Hugging Face's layout, and
// predict and attention open published folders of ViTForImageClassification too.
//
// Fashion-MNIST (60,000 pictures of clothes, 10,000 to test) reaches an accuracy of 0.9005 in 20 epochs, 40 minutes on one core:
//
//	go run ./examples/vision train -images train-images-idx3-ubyte.gz -labels train-labels-idx1-ubyte.gz -test-images t10k-images-idx3-ubyte.gz \
//		-test-labels t10k-labels-idx1-ubyte.gz -classes T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Boot -out out/fashion \
//		-layers 6 -batch 128 -dropout 0 -flip -shift 1 -lr 1.5e-3 -min-lr 1e-5 -ema 0.999 -held-out 0.02 -steps 9180 -eval-every 459
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

func main() { program(os.Stdout).Main() }

const about = "Vision trains a small Vision Transformer to name the class of a picture. Without a command it learns to read digits that it draws, " +
	"or resumes a run that was interrupted, and draws a map of its attention."

// program declares the commands, which write to w.
func program(w io.Writer) flags.Program {
	o, e, p, a := defaults(), new(evaluation), new(prediction), new(lookout)
	return flags.Program{Name: "vision", About: about, Commands: []flags.Command{
		{About: "train, then draw a map of attention; the flags are those of train", Example: "-steps 1000 -out out/longer",
			Flags: o.flags, Run: func() error { return demo(w, o) }},
		{Name: "train", About: "train a model on pictures", Example: "-images train-images-idx3-ubyte.gz -labels train-labels-idx1-ubyte.gz -out out/fashion",
			Flags: o.flags, Run: func() error { _, err := learn(w, o); return err }},
		{Name: "eval", About: "score a model on pictures with labels", Example: "-model out/fashion",
			Flags: e.flags, Run: func() error { return e.run(w) }},
		{Name: "predict", About: "name the class of a picture", Example: "-model out/fashion -picture shirt.png",
			Flags: p.flags, Run: func() error { return p.run(w) }},
		{Name: "attention", About: "draw the patches of a picture that the class token looks at", Example: "-model out/fashion -picture shirt.png",
			Flags: a.flags, Run: func() error { return a.run(w) }},
	}}
}

// demo trains with the defaults, or finishes a run that was interrupted. If it drew the digits, it draws a map of attention.
func demo(w io.Writer, o *options) error {
	o.Auto = true
	if finished, err := learn(w, o); err != nil || !finished || o.images != "" {
		return err
	}
	fmt.Fprintln(w)
	a := lookout{subject: subject{model: o.Out, number: 7}, to: filepath.Join(o.Out, "attention.png")}
	return a.run(w)
}
