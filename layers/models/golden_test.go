package models_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// shared returns the path of a file or folder in ../shared, next to the project. If it does not exist, the test is skipped.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	found := filepath.Join(dir, "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}

// adamW returns a clipped step of AdamW at this rate, with weight decay for tensors of two or more axes.
func adamW(rate, decay float64) func([]G.ValueGrad) error {
	return clipped(&train.AdamW{WeightDecay: decay}, rate)
}

// clipped returns a step of an optimizer at this rate, with gradients clipped to a norm of 1.
func clipped(o train.Optimizer, rate float64) func([]G.ValueGrad) error {
	return func(weights []G.ValueGrad) error {
		norm, err := train.GradNorm(weights)
		if err != nil {
			return err
		}
		return o.Update(weights, rate, train.ClipFactor(norm, 1))
	}
}

// goldenCase is a case of the format of ../shared/golden, computed by PyTorch.
type goldenCase struct {
	dir     string
	tensors map[string]*tensor.Dense
	noise   map[string]float64 // tensors whose exact gradient is 0 in places, so that AdamW amplifies rounding
}

// goldenFamilies lists the inputs of each kind of model by their names in the file, and the declaration for these inputs.
var goldenFamilies = []func(m models.Model, c goldenCase) (inputs map[string]string, declare func(*graph.Scope)){
	func(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
		l, ok := m.(models.LanguageModel)
		if !ok {
			return nil, nil
		}
		if g, ok := l.(models.GPT); ok {
			g.Dropout, g.EmbedDropout, g.AttnDropout = 0, 0, 0 // cases omit dropout, which means Hugging Face's defaults
			l = g
		}
		shape := c.tensors["input_ids"].Shape()
		return map[string]string{"input_ids": "tokens", "labels": "targets"}, l.Loss(shape[0], shape[1])
	},
	func(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
		l, ok := m.(models.Seq2Seq)
		if !ok {
			return nil, nil
		}
		source, target := c.tensors["src_ids"].Shape(), c.tensors["tgt_ids"].Shape()
		return map[string]string{
			"src_ids": "source", "src_lengths": "source_lengths", "tgt_ids": "tokens", "tgt_lengths": "lengths", "labels": "targets",
		}, l.Loss(source[0], source[1], target[1])
	},
	func(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
		l, ok := m.(models.TextEncoder)
		if !ok {
			return nil, nil
		}
		c.tensors["lengths"] = sums(c.tensors["attention_mask"])
		inputs := map[string]string{"input_ids": "tokens", "lengths": "lengths", "labels": "targets"}
		if b, ok := l.(models.BERT); ok {
			b.Dropout, b.AttnDropout, b.HeadDropout = 0, 0, 0 // cases omit dropout, which means Hugging Face's defaults
			if l = b; b.Types > 1 {
				inputs["token_type_ids"] = "types"
			}
		}
		shape := c.tensors["input_ids"].Shape()
		return inputs, l.Loss(shape[0], shape[1])
	},
	func(m models.Model, c goldenCase) (map[string]string, func(*graph.Scope)) {
		v, ok := m.(models.ViT)
		if !ok {
			return nil, nil
		}
		return map[string]string{"pixel_values": "pixels", "labels": "targets"}, v.Loss(c.tensors["labels"].Shape()[0], v.Size)
	},
}

// sums returns the sums of the rows of a mask: the lengths of texts that are padded on the right.
func sums(mask *tensor.Dense) *tensor.Dense {
	b, t := mask.Shape()[0], mask.Shape()[1]
	n := make([]int64, b)
	for i, v := range mask.Int64s() {
		n[i/t] += v
	}
	return tensor.New(tensor.WithShape(b), tensor.WithBacking(n))
}

// goldenFolder returns the folder of the cases: GOLDEN in the environment, or ../shared/golden. A missing folder skips the test.
func goldenFolder(t testing.TB) string {
	if dir := os.Getenv("GOLDEN"); dir != "" {
		return dir
	}
	return shared(t, "golden")
}

// TestGolden compares every case in the folder with PyTorch: logits, loss, gradients, and weights after three steps of AdamW. A case of a
// family that does not exist is skipped.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(goldenFolder(t), "*", "io.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Fatalf("no case in %s", goldenFolder(t))
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			checkGolden(t, dir)
		})
	}
}

func checkGolden(t *testing.T, dir string) {
	m, err := models.Open(dir)
	if unknown := (models.UnknownFamily{}); errors.As(err, &unknown) {
		t.Skipf("no family %s", unknown.ModelType)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := readGolden(t, dir)
	for _, family := range goldenFamilies {
		if inputs, declare := family(m, c); declare != nil {
			g := c.expected(t, m)
			for from, to := range inputs {
				if c.tensors[from] == nil {
					t.Fatalf("the case has no %s", from)
				}
				g.Feed[to] = narrow(c.tensors[from])
			}
			c.adapt(t, m, declare, &g)
			g.Check(t, declare)
			return
		}
	}
	t.Fatalf("no inputs are known for a %T", m)
}

func readGolden(t *testing.T, dir string) goldenCase {
	c := goldenCase{dir: dir}
	var err error
	if c.tensors, err = checkpoints.Read(filepath.Join(dir, "io.safetensors")); err != nil {
		t.Fatal(err)
	}
	var notes struct{ Noise map[string]float64 }
	if err := checkpoints.ReadJSON(filepath.Join(dir, "notes.json"), &notes); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	c.noise = notes.Noise
	return c
}

// expected returns the results of the case, except for the inputs. The tolerances come from float32: a sum of some hundred products in
// another order differs in the last digits, and AdamW divides by the root of its own small squares.
func (c goldenCase) expected(t *testing.T, m models.Model) graphtest.Golden {
	weights, err := checkpoints.Read(filepath.Join(c.dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	g := graphtest.Golden{
		Weights: map[string]*tensor.Dense{}, Feed: graph.Feed{}, Logits: c.tensors["logits"], Loss: float64(c.tensors["loss"].Float32s()[0]),
		Grads: map[string]*tensor.Dense{}, Final: map[string]*tensor.Dense{}, Step: adamW(1e-3, 0.1),
		LogitsWithin: 1e-4, LossWithin: 1e-6, GradsWithin: 1e-4, LossesWithin: 1e-5, FinalWithin: 1e-5, FinalNoise: map[string]float64{},
	}
	if _, ok := m.(models.SASRec); ok {
		g.Output = "pairs"
	}
	for k := range c.noise {
		g.FinalNoise[m.Rename(k)] = 3e-3 // three steps at a rate of 1e-3
	}
	for k, v := range weights {
		g.Weights[m.Rename(k)] = v
	}
	for k, v := range c.tensors {
		if n, ok := strings.CutPrefix(k, "grad."); ok {
			g.Grads[m.Rename(n)] = v
		}
		if n, ok := strings.CutPrefix(k, "step3."); ok {
			g.Final[m.Rename(n)] = v
		}
	}
	for _, l := range c.tensors["losses"].Float32s() {
		g.Losses = append(g.Losses, float64(l))
	}
	return g
}

// narrow converts int64 ids to int32. Other tensors stay as they are.
func narrow(t *tensor.Dense) *tensor.Dense {
	if t.Dtype() != tensor.Int64 {
		return t
	}
	ids := make([]int32, 0, t.DataSize())
	for _, v := range t.Int64s() {
		ids = append(ids, int32(v))
	}
	return tensor.New(tensor.WithShape(slices.Clone(t.Shape())...), tensor.WithBacking(ids))
}
