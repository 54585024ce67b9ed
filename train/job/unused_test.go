//go:build unix

package job_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// learned returns weights after four steps with the flags of args.
func learned(t *testing.T, args string) ([]float32, error) {
	t.Helper()
	l := job.Learning{LR: 0.05, Beta2: 0.99, MicroBatches: 1, Seed: 1}
	f := flag.NewFlagSet("test", flag.ContinueOnError)
	l.Flags(f)
	if err := f.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(4); err != nil {
		return nil, err
	}
	step, err := graph.Build(l.Params(), graph.Train, hidden(8)(4, 3))
	if err != nil {
		t.Fatal(err)
	}
	tr, err := l.Trainer(step, 4)
	if err != nil {
		t.Fatal(err)
	}
	corpus, err := data.NewCorpus(newProgram().ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range tr.Steps(t.Context(), corpus.Shuffled(4, 3)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(slices.Clone(step.Params().Value("h.w").Float32s()), step.Params().Value("head").Float32s()...), nil
}

// TestUnusedSettings gives every setting of optimizers and schedules to each of them: either it changes the weights, or it is an error
// that names it.
func TestUnusedSettings(t *testing.T) {
	for choice, list := range map[string][]string{
		"optimizer": job.Optimizers(),
		"schedule":  {"cosine", "linear", "constant", "inverse-sqrt", "wsd:fall=0.9", "one-cycle", "step:every=2", "restarts", "plateau"},
	} {
		settings := map[string]string{"momentum": "0.3", "muon-lr": "0.7", "beta2": "0.5"}
		if choice == "schedule" {
			settings = map[string]string{"min-lr": "0.04", "warmup": "2"}
		}
		refused := map[string]int{}
		for _, name := range list {
			chosen := "-" + choice + " " + name
			usual, err := learned(t, chosen)
			if err != nil {
				t.Fatalf("%s: %v", chosen, err)
			}
			name, _, _ = strings.Cut(name, ":")
			for flag, value := range settings {
				got, err := learned(t, chosen+" -"+flag+" "+value)
				switch {
				case err == nil && slices.Equal(got, usual):
					t.Errorf("%s ignores -%s", chosen, flag)
				case err != nil:
					refused[flag]++
					wantError(t, err, "-"+flag+" is set, but -"+choice+" "+name+" ignores it")
				}
			}
		}
		for flag := range settings {
			if refused[flag] == 0 || refused[flag] == len(list) {
				t.Errorf("-%s is refused with %d of %d of -%s", flag, refused[flag], len(list), choice)
			}
		}
	}
}

// TestUnset: a setting of a run that is changed away can be unset.
func TestUnset(t *testing.T) {
	inFolder(t)
	if _, err := newHidden().run("-steps 4 -eval-every 4 -min-lr 0.01"); err != nil {
		t.Fatal(err)
	}
	p := newHidden()
	if _, err := p.run("-resume -steps 8 -eval-every 4 -change schedule -schedule constant"); err == nil || !strings.Contains(err.Error(), "-min-lr is set") {
		t.Errorf("got error %v, want one for -min-lr", err)
	}
	if _, err := newHidden().run("-resume -steps 8 -eval-every 4 -change schedule,min-lr -schedule constant -min-lr none"); err != nil {
		t.Error(err)
	}
}
