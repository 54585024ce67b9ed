package train_test

import (
	"encoding/json"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/train"
)

// TestResume compares a run with a run that is saved as JSON and resumed with new objects in its middle.
func TestResume(t *testing.T) {
	corpus := text16(t, 500)
	trainer := func(o train.Optimizer, until, micro int) *train.Trainer {
		return &train.Trainer{Program: buildBigram(t, tensor.Float32, 4, 6), Optimizer: o, Rate: train.Cosine(0.05, 0.001, 5, 12),
			Clip: 0.5, Until: until, MicroBatches: micro}
	}
	for _, c := range torchCases {
		for _, micro := range []int{1, 3} {
			whole := trainer(c.make(), 12, micro)
			all := run(t, whole, corpus.Shuffled(4, 6))

			before := trainer(c.make(), 7, micro)
			run(t, before, corpus.Shuffled(4, 6))
			data, err := json.Marshal(before.State)
			if err != nil {
				t.Fatal(err)
			}
			var state train.State
			if err := json.Unmarshal(data, &state); err != nil {
				t.Fatal(err)
			}
			after := trainer(c.make(), 12, micro)
			for name, v := range before.Program.Params().All() {
				copy(after.Program.Params().Value(name).Float32s(), v.Float32s())
			}
			if err := after.Resume(state, saved(before.Optimizer.(train.Stateful))); err != nil {
				t.Fatal(err)
			}
			rest := run(t, after, corpus.Shuffled(4, 6))
			if len(rest) != 5 || after.State != whole.State {
				t.Errorf("%s: got %d steps and state %+v, want 5 and %+v", c.name, len(rest), after.State, whole.State)
			}
			for i, r := range rest {
				if want := all[7+i]; r.Loss != want.Loss || r.GradNorm != want.GradNorm || r.Step != want.Step {
					t.Errorf("%s, %d micro-batches: got %+v after the resumption, want %+v", c.name, micro, r, want)
				}
			}
			if !slices.Equal(weights(after.Program), weights(whole.Program)) {
				t.Errorf("%s, %d micro-batches: the weights differ after the resumption", c.name, micro)
			}
		}
	}
}

func TestResumeErrors(t *testing.T) {
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: &train.AdamW{}}
	wantError(t, tr.Resume(train.State{Step: 1, Batch: 1, Seed: 8}, nil), "seed 8", "have 7")
	wantError(t, tr.Resume(train.State{Step: 1, Batch: 1, Seed: 7}, nil), "step is missing")
	wantError(t, tr.Resume(train.State{Step: -1}, nil), "step -1")
	if tr.State != (train.State{}) {
		t.Errorf("got state %+v after errors, want none", tr.State)
	}
	tr.Optimizer = G.NewAdamSolver()
	wantError(t, tr.Resume(train.State{}, map[string]*tensor.Dense{"step": nil}), "AdamSolver cannot restore")
}

// TestForeignSolversDoNotResume: Gorgonia's solvers do not return their moments, so a run with such a solver must not resume without
// them. The test covers all of Gorgonia's solvers. A solver without moments resumes.
func TestForeignSolversDoNotResume(t *testing.T) {
	state := train.State{Step: 5, Batch: 5, Tokens: 30, Seed: 7}
	source := text16(t, 100).Batches(2, 3)
	for name, c := range map[string]struct {
		make    func() G.Solver
		resumes bool
	}{
		"Vanilla":         {func() G.Solver { return G.NewVanillaSolver() }, true},
		"Adam":            {func() G.Solver { return G.NewAdamSolver() }, false},
		"AdamW":           {func() G.Solver { return G.NewAdamW() }, false},
		"AdaGrad":         {func() G.Solver { return G.NewAdaGradSolver() }, false},
		"Momentum":        {func() G.Solver { return G.NewMomentum() }, false},
		"RMSProp":         {func() G.Solver { return G.NewRMSPropSolver() }, false},
		"BarzilaiBorwein": {func() G.Solver { return G.NewBarzilaiBorweinSolver() }, false},
		"ours by value":   {func() G.Solver { return forgetful{&train.Adam{}} }, false},
	} {
		for way, resume := range map[string]func(*train.Trainer) error{
			"Resume": func(tr *train.Trainer) error {
				if err := tr.Resume(state, nil); err != nil {
					return err
				}
				return firstError(tr, source)
			},
			"State": func(tr *train.Trainer) error {
				tr.State = state
				return firstError(tr, source)
			},
		} {
			tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: c.make()}
			before := weights(tr.Program)
			err := resume(&tr)
			if c.resumes {
				if err != nil {
					t.Errorf("%s by %s: got error %v, want none", name, way, err)
				}
				continue
			}
			wantError(t, err, "train: ", "use train.AdamW")
			if !slices.Equal(weights(tr.Program), before) {
				t.Errorf("%s by %s: the weights have changed", name, way)
			}
		}
	}
	for _, o := range []train.Optimizer{&train.Adam{}, &train.AdamW{}, &train.SGD{Momentum: 0.9}} {
		tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: o, State: state}
		wantError(t, firstError(&tr, source), "State is at step 5", "call Resume")
	}
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: &train.SGD{}, State: state}
	if err := firstError(&tr, source); err != nil {
		t.Errorf("got error %v, want none: SGD without momentum has nothing to lose", err)
	}
}

// forgetful hides the state of an optimizer.
type forgetful struct{ G.Solver }
