//go:build unix

package job_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// hidden is a model with an embedding, a hidden matrix, a bias and a head.
func hidden(vocab int) func(b, t int) func(*graph.Scope) {
	return func(b, t int) func(*graph.Scope) {
		return func(s *graph.Scope) {
			tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
			x := s.Try(ops.Embedding(s.Param("wte", graph.Normal(1), vocab, 6), tokens)) // (B, T, 6)
			x = s.Try(ops.Linear(x, s.Param("h.w", graph.Normal(1), 6, 6), s.Param("h.b", graph.Zeros(), 6), ops.LinearOptions{}))
			logits := s.Try(ops.Linear(x, s.Param("head", graph.Normal(1), vocab, 6), nil, ops.LinearOptions{})) // (B, T, V)
			s.Output("logits", logits)
			s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
		}
	}
}

// newHidden is a program with the model hidden, which takes samples.
func newHidden() *program {
	p := newProgram()
	p.loss = hidden(p.vocab)
	p.each = func(run *job.Run, _ int) {
		if run.SampleDue() {
			run.Sample("a sample")
		}
	}
	return p
}

// metricsOf reads and removes the files of -metrics, without the times, from files.
func metricsOf(t *testing.T, all map[string]string) (rows []map[string]any) {
	t.Helper()
	events := 0
	for name, text := range maps.Clone(all) {
		switch base := filepath.Base(name); {
		case strings.HasPrefix(base, "events.out.tfevents."):
			events = len(text)
			delete(all, name)
		case base == "log.jsonl":
			for line := range strings.Lines(text) {
				var row map[string]any
				if err := json.Unmarshal([]byte(line), &row); err != nil {
					t.Fatal(err)
				}
				delete(row, "seconds")
				rows = append(rows, row)
			}
			delete(all, name)
		}
	}
	return append(rows, map[string]any{"bytes of events": events})
}

// TestLearningResumes interrupts runs with every optimizer, average and schedule with a state, between and within evaluations, and
// compares them with uninterrupted ones, bit for bit, with all their files.
func TestLearningResumes(t *testing.T) {
	inFolder(t)
	common := " -lr 0.05 -micro-batches 2 -decay 0.1 -sample-every 3 -keep 0 -metrics jsonl,tensorboard "
	for i, settings := range []string{
		"-optimizer muon -muon-lr 0.1 -group h.b:lr=0.5", "-optimizer lion -schedule wsd", "-optimizer adafactor", "-optimizer lamb -ema 0.8", "-optimizer sgd -momentum 0.5",
		"-optimizer schedule-free -eval-every 2", "-ema 0.9 -schedule plateau:factor=0.5,patience=0 -eval-every 2 -lr 2", "-skip-outliers 1 -schedule one-cycle -average 2",
	} {
		dir := func(kind string) string { return filepath.Join(kind, string(rune('a'+i))) }
		mustRun(t, newHidden(), settings+common+"-out "+dir("whole"))
		want := ends(t, dir("whole"))
		figures := metricsOf(t, want)
		for _, within := range []bool{false, true} {
			if within != (i%2 == 0) && !sweep.All() {
				continue // each place with every other setting
			}
			p, q := newHidden(), newHidden()
			var now *job.Run
			done := false
			sample := p.each
			p.each = func(run *job.Run, at int) {
				if sample(run, at); at == 7 && within {
					now = run
				} else if at == 7 {
					interrupt(run)
				}
			}
			p.held = func(h job.Held) job.Held { return interrupting{h, &now, &done} }
			out := dir("part")
			if finished, err := p.run(settings + common + "-out " + out); finished || err != nil {
				t.Fatalf("%s: finished %v, error %v", settings, finished, err)
			}
			mustRun(t, q, "-resume -out "+out)
			got := ends(t, out)
			if rows := metricsOf(t, got); len(figures) < 12 || !reflect.DeepEqual(rows, figures) {
				t.Errorf("%s: got figures %v, want %v", settings, rows, figures)
			}
			sameFiles(t, got, want)
			os.RemoveAll(out)
		}
	}
}

// TestAverages checks that evaluation and the saved model are those of the average, by a run of one step, which has no past.
func TestAverages(t *testing.T) {
	inFolder(t)
	mustRun(t, newHidden(), "-out plain -steps 4")
	mustRun(t, newHidden(), "-out ema -steps 4 -ema 0.5")
	plain, ema := files(t, "plain"), files(t, "ema")
	if plain["model.safetensors"] == ema["model.safetensors"] {
		t.Error("the saved model is not the average")
	}
	if a, b := plain["log.csv"], ema["log.csv"]; lossesOf(a) != lossesOf(b) || a == b {
		t.Errorf("got logs\n%s\nand\n%s, want equal training losses and other validation losses", a, b)
	}
	p := newHidden()
	mustRun(t, p, "-out mean -average 3 -keep 3 -eval-every 1 -steps 4")
	if said := p.said.String(); !strings.Contains(said, "saved the mean of the newest 3 checkpoints") {
		t.Errorf("said %q, want the mean of 3 checkpoints", said)
	}
	_, err := newHidden().run("-out bad -average 3 -keep 2")
	wantError(t, err, "-average is 3, but -keep keeps 2")
}

// lossesOf returns the rows of steps in a log.
func lossesOf(log string) (rows string) {
	for line := range strings.Lines(log) {
		if !strings.Contains(line, ",,,,") {
			rows += line
		}
	}
	return rows
}

// TestFrozenGroup trains with a frozen embedding.
func TestFrozenGroup(t *testing.T) {
	inFolder(t)
	mustRun(t, newHidden(), "-group wte:frozen")
	mustRun(t, newHidden(), "-out none -group wte:frozen -lr 0 -min-lr 0 -steps 1")
	a, b := readWeights(t, "out"), readWeights(t, "none")
	if !reflect.DeepEqual(a["wte"].Data(), b["wte"].Data()) || reflect.DeepEqual(a["head"].Data(), b["head"].Data()) {
		t.Error("the frozen weight has changed, or the others have not")
	}
	for args, want := range map[string]string{
		"-group nothing:lr=1":               `no weight matches "nothing": weights have names such as wte and h.b`,
		"-group wte:rate=1":                 `no setting "rate=1"`,
		"-group wte":                        "no pattern and settings",
		"-group wte:lr=0":                   "wte:frozen",
		"-group wte:frozen,lr=1":            "frozen and has a rate",
		"-optimizer adam":                   `-optimizer is "adam" (did you mean "adamw"?)`,
		"-momentum 0.5":                     "-optimizer adamw ignores it: leave it out, or choose sgd or muon",
		"-ema 1":                            "-ema is 1",
		"-schedule cosin":                   `no schedule "cosin" (did you mean "cosine"?)`,
		"-schedule step:evry=3":             `no setting "evry": it has every, factor`,
		"-metrics wandb":                    `no kind of metrics "wandb"`,
		"-noise-scale 1":                    "-noise-scale is 1",
		"-find-lr -dry-run":                 "give one of them",
		"-sweep lr":                         `"lr" is no list`,
		"-optimizer muon -lr 0":             "want both above 0",
		"-skip-outliers -1":                 "-skip-outliers is -1",
		"-optimizer schedule-free -ema 0.9": "-ema is 0.9, want 0",
	} {
		_, err := newHidden().run("-out bad " + args)
		wantError(t, err, want)
		if _, err := os.Stat("bad"); err == nil {
			t.Errorf("%s: the folder is left", args)
		}
	}
}
