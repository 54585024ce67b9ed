package onnxfolder_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/checkpoints/onnx/onnxtest"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/onnxfolder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// shared returns the path of a file or folder of ../shared, and skips the test if it is missing.
func shared(t testing.TB, path string) string {
	t.Helper()
	found := filepath.Join("..", "..", "..", "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trial is a job of ONNX Runtime with its expected logits.
type trial struct {
	onnxtest.Job
	about, output string
	want          *tensor.Dense
}

// TestRuntime runs the files of models in ONNX Runtime: on PyTorch's inputs, which must give PyTorch's logits, and on random inputs of
// three shapes, which must give those of a Program.
func TestRuntime(t *testing.T) {
	onnxtest.Need(t)
	names := []string{"bert-tiny", "vit-tiny", "gpt2-tiny", "llama-tiny"}
	if sweep.All() {
		names = append(names, "bert-cls-tiny", "roberta-tiny", "modernbert-tiny", "mpt-tiny", "bloom-tiny", "nope-tiny", "sinusoid-tiny", "shaw-tiny",
			"llama-rope-linear", "llama-rope-llama3", "llama-rope-yarn", "mistral-tiny", "qwen2-tiny", "qwen2-slide-tiny", "qwen3-tiny",
			"gemma2-tiny", "gemma3-tiny", "t5-tiny", "t5-gated-tiny")
	}
	var trials []trial
	for _, name := range names {
		trials = append(trials, trialsOf(t, shared(t, "golden/"+name), true)...)
	}
	for _, name := range []string{"tiny_bert", "tinystories-656k", "stories260K"} {
		if sweep.All() {
			trials = append(trials, trialsOf(t, shared(t, "models/"+name), false)...)
		}
	}
	jobs := make([]onnxtest.Job, len(trials))
	for i, x := range trials {
		jobs[i] = x.Job
	}
	for i, got := range onnxtest.Run(t, jobs...) {
		x := trials[i]
		t.Run(x.about, func(t *testing.T) {
			if got.Error != "" {
				t.Fatal(got.Error)
			}
			compare(t, got.Outputs[x.output], x.want)
		})
	}
}

// trialsOf translates a model and returns its trials, with PyTorch's if the folder has them.
func trialsOf(t *testing.T, dir string, pyTorch bool) (all []trial) {
	name := filepath.Base(dir)
	path := filepath.Join(t.TempDir(), name+".onnx")
	translated, err := onnxfolder.Translate(dir, onnxfolder.Options{})
	check(t, err)
	check(t, translated.Save(path))
	if pyTorch {
		feeds, want := golden(t, dir, translated)
		all = append(all, trial{onnxtest.Job{Model: path, Feeds: feeds}, name + " and PyTorch", "logits", want})
	}
	m, err := models.Open(dir)
	check(t, err)
	d, err := onnxfolder.Declaration(m)
	check(t, err)
	params, err := folder.Expect(dir, m)
	check(t, err)
	for i, sizes := range [][]int{{1, 1, 1}, {3, 7, 2}, {2, 12, 8}} {
		sizes = sizes[:len(d.Axes)]
		p, err := graph.Build(params, graph.Eval, d.Declare(sizes))
		check(t, err)
		if i == 0 {
			check(t, folder.Load(dir, m, params.All()))
		}
		feeds := random(t, params, d, sizes)
		if shape := p.InputShape("targets"); shape != nil {
			feeds.ours["targets"] = tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(shape...))
		}
		check(t, p.Run(feeds.ours))
		output := translated.Outputs[0].Name
		all = append(all, trial{onnxtest.Job{Model: path, Feeds: feeds.theirs}, name + fmt.Sprint(sizes), output, p.Output(p.Outputs()[0])})
	}
	return all
}

// golden returns PyTorch's inputs and logits.
func golden(t *testing.T, dir string, m *onnx.Model) (map[string]onnxtest.Tensor, *tensor.Dense) {
	t.Helper()
	io, err := checkpoints.Open(filepath.Join(dir, "io.safetensors"))
	check(t, err)
	defer io.Close()
	feeds := map[string]onnxtest.Tensor{}
	for _, v := range m.Inputs {
		x, err := io.Tensor(strings.Replace(v.Name, "decoder_attention_mask", "decoder_input_ids", 1))
		check(t, err)
		feeds[v.Name] = onnxtest.Tensor{Dims: x.Shape(), Data: x.Data()}
		if v.Name == "decoder_attention_mask" { // PyTorch's case has none
			for i := range x.Data().([]int64) {
				x.Data().([]int64)[i] = 1
			}
		}
	}
	want, err := io.Tensor("logits")
	check(t, err)
	return feeds, want
}

// pair is an input of a Program and of its translation.
type pair struct {
	ours   graph.Feed
	theirs map[string]onnxtest.Tensor
}

// random returns random inputs of a declaration of these sizes.
func random(t *testing.T, params *graph.Params, d onnx.Declaration, sizes []int) pair {
	t.Helper()
	l, err := graph.Trace(params, graph.Eval, d.Declare(sizes))
	check(t, err)
	p, shapes := pair{graph.Feed{}, map[string]onnxtest.Tensor{}}, map[string][]int{}
	r := rand.New(rand.NewPCG(1, uint64(len(sizes)+sizes[0])))
	for _, n := range l.Inputs {
		shapes[n.Name] = n.Shape
		x := tensor.New(tensor.Of(n.Dtype), tensor.WithShape(n.Shape...))
		p.ours[n.Name] = x
		name := cmp.Or(d.Names[n.Name], n.Name)
		switch mask, masked := d.Masks[n.Name]; {
		case masked:
			like := shapes[mask.Like]
			theirs := make([]int64, like[0]*like[1])
			for i := range x.Int32s() {
				x.Int32s()[i] = 1 + r.Int32N(int32(like[1]))
				for k := range x.Int32s()[i] {
					theirs[i*like[1]+int(k)] = 1
				}
			}
			p.theirs[mask.Name] = onnxtest.Tensor{Dims: like, Data: theirs}
		case n.Dtype == tensor.Int32:
			theirs := make([]int64, len(x.Int32s()))
			for i := range theirs {
				x.Int32s()[i] = r.Int32N(map[bool]int32{false: 20, true: 2}[name == "token_type_ids"])
				theirs[i] = int64(x.Int32s()[i])
			}
			p.theirs[name] = onnxtest.Tensor{Dims: n.Shape, Data: theirs}
		default:
			for i := range x.Float32s() {
				x.Float32s()[i] = float32(r.NormFloat64())
			}
			p.theirs[name] = onnxtest.Tensor{Dims: n.Shape, Data: x.Float32s()}
		}
	}
	return p
}

// compare compares within 1e-5 of the largest logit, or 1e-5 if this is below 1: room for sums in other orders.
func compare(t *testing.T, got onnxtest.Tensor, want *tensor.Dense) {
	t.Helper()
	if !want.Shape().Eq(tensor.Shape(got.Dims)) {
		t.Fatalf("got shape %v, want %v", got.Dims, want.Shape())
	}
	worst, largest := 0.0, 1.0
	for i, w := range want.Float32s() {
		largest = max(largest, math.Abs(float64(w)))
		if d := math.Abs(float64(got.Data.([]float32)[i]) - float64(w)); !(d <= worst) {
			worst = d
		}
	}
	if t.Logf("largest difference %.2g, largest logit %.2g", worst, largest); !(worst <= 1e-5*largest) {
		t.Errorf("logits differ by %g", worst)
	}
}
