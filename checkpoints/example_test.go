package checkpoints_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
)

// declared returns the parameters of a built graph: wte.weight (2, 3) and head.bias (3).
func declared(seed uint64) *graph.Params {
	params := graph.NewParams(tensor.Float32, seed)
	_, err := graph.Build(params, graph.Eval, func(s *graph.Scope) {
		w := s.In("wte").Param("weight", graph.Normal(1), 2, 3)
		b := s.In("head").Param("bias", graph.Constant(float64(seed)), 3)
		s.Output("w", s.Try(G.Tanh(w)))
		s.Output("b", s.Try(G.Tanh(b)))
	})
	if err != nil {
		panic(err)
	}
	return params
}

func exit(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// A model is saved to a folder and loaded into the parameters of another graph.
func ExampleSaveModel() {
	dir, err := os.MkdirTemp("", "model")
	exit(err)
	defer os.RemoveAll(dir)

	params := declared(1)
	exit(checkpoints.SaveModel(dir, checkpoints.Model{
		Config:  map[string]int{"n_embd": 3},
		Weights: params.All(),
		Files:   map[string][]byte{"tokenizer.json": []byte("{}")},
	}))
	fresh := declared(2)
	exit(checkpoints.LoadWeights(dir, fresh.All(), checkpoints.Rules{}))
	fmt.Println(fresh.Value("head.bias").Data())
	// Output: [1 1 1]
}

// One error lists everything that does not fit, and nothing is loaded.
func ExampleLoadWeights() {
	dir, err := os.MkdirTemp("", "model")
	exit(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	exit(checkpoints.Write(path, pairs(
		named{"transformer.wte.weight", filled(7, 2, 3)},
		named{"transformer.ln_f.bias", filled(7, 3)}), nil))

	params := declared(1)
	rules := checkpoints.Rules{Rename: func(name string) string { return strings.TrimPrefix(name, "transformer.") }}
	err = checkpoints.LoadWeights(path, params.All(), rules)
	fmt.Println(strings.ReplaceAll(err.Error(), dir, "…"))

	rules.Ignore = func(name string) bool { return name == "ln_f.bias" }
	rules.Keep = func(path string) bool { return path == "head.bias" }
	exit(checkpoints.LoadWeights(path, params.All(), rules))
	fmt.Println(params.Value("wte.weight").Data(), params.Value("head.bias").Data())
	// Output:
	// checkpoints: load …/model.safetensors: the file does not match the 2 parameters: 1 missing in the file: head.bias; 1 unexpected in the file: transformer.ln_f.bias
	// [7 7 7 7 7 7] [1 1 1]
}

// A run begins, or continues from its newest checkpoint.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "run")
	exit(err)
	defer os.RemoveAll(dir)
	run := checkpoints.Run{Dir: dir, Keep: 2}

	train := func(until int) {
		params := declared(1)
		var state struct{ Step int }
		switch latest, err := run.Latest(); {
		case errors.Is(err, fs.ErrNotExist):
			fmt.Println("begin")
		default:
			exit(err)
			_, err := latest.Load(params.All(), &state) // returns the optimizer's tensors, if any
			exit(err)
			fmt.Println("continue at step", state.Step)
		}
		for state.Step < until {
			state.Step++
			_, err := run.Save(checkpoints.Checkpoint{
				Step:  state.Step,
				Loss:  new(1 + float64(state.Step%3)),
				Model: checkpoints.Model{Weights: params.All()},
				State: state,
			})
			exit(err)
		}
	}
	train(4)
	train(5)
	best, err := run.Best()
	exit(err)
	fmt.Println("best", filepath.Base(best.Dir), best.Loss)
	// Output:
	// begin
	// continue at step 4
	// best step-00000003 1
}

// The header describes the tensors of a file; Tensor reads one of them.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "file")
	exit(err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "x.safetensors")
	exit(checkpoints.Write(path, pairs(named{"wte.weight", dense([]float32{1, 2, 3, 4}, 2, 2)}), map[string]string{"format": "pt"}))

	f, err := checkpoints.Open(path)
	exit(err)
	defer f.Close()
	for _, name := range f.Names() {
		info, _ := f.Info(name)
		x, err := f.Tensor(name)
		exit(err)
		fmt.Println(name, info.Dtype, info.Shape, info.Bytes, x.Data())
	}
	// Output: wte.weight F32 [2 2] 16 [1 2 3 4]
}
