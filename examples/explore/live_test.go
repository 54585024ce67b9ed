package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// trainIn is an environment variable. The test binary then trains in that folder, and waits after each evaluation for the file that
// goOn names.
const trainIn = "EXPLORE_TEST_RUN"

// Sizes of the run of TestLiveRun.
const (
	liveSteps = 30
	liveEvery = 10
)

// goOn returns the file that lets the training go on after a step.
func goOn(dir string, step int) string { return filepath.Join(dir, fmt.Sprint("on-", step)) }

// trainRun trains a GPT as examples/gpt does.
func trainRun(dir string) error {
	options, learning := job.Options{Steps: liveSteps, EvalEvery: liveEvery, Keep: 5, Out: dir}, job.Learning{LR: 0.01, Clip: 1, Seed: 1}
	f := flag.NewFlagSet("gpt", flag.ContinueOnError)
	options.Flags(f)
	learning.Flags(f)
	rows, window := f.Int("batch", 4, ""), f.Int("context", 32, "")
	run, err := job.Open(&options, job.Program{Name: "gpt", Flags: f, W: io.Discard})
	if err != nil {
		return err
	}
	defer run.Close()
	tok, err := trainer.BPE{VocabSize: 300}.Train(slices.Values(inside.Samples()))
	if err != nil {
		return err
	}
	text := filepath.Join(dir, "text.txt")
	for range 20 {
		for _, s := range inside.Samples() {
			if err := appendTo(text, s+"\n"); err != nil {
				return err
			}
		}
	}
	corpus, err := data.Text{Paths: []string{text}, Encoder: tok, File: filepath.Join(dir, "tokens.bin"), Fingerprint: "test"}.Corpus()
	if err != nil {
		return err
	}
	learn, held, err := corpus.Split(0.9)
	if err != nil {
		return err
	}
	setup := job.Setup{Held: held.Sequential(*rows, *window), Data: "test", About: "a GPT"}
	gpt := models.GPT{Vocab: tok.VocabSize(), Context: 64, Layers: 1, Heads: 2, Dim: 16}
	params, loss := graph.NewParams(tensor.Float32, 1), gpt.Loss(*rows, *window)
	step, err := graph.Build(params, graph.Train, loss)
	if err != nil {
		return err
	}
	if setup.Eval, err = graph.Build(params, graph.Eval, loss); err != nil {
		return err
	}
	setup.Config = gpt
	if setup.Files, err = tok.ModelFiles(); err != nil {
		return err
	}
	batches := learn.Batches(*rows, *window)
	batches.Seed, setup.Batches = 1, batches
	setup.Trainer = &train.Trainer{Program: step, Optimizer: learning.AdamW(), Rate: learning.Rate(liveSteps), Clip: 1, Until: liveSteps}
	return finish(run, setup)
}

// finish trains to the end.
func finish(run *job.Run, setup job.Setup) error {
	if err := run.Start(setup); err != nil {
		return err
	}
	for r, err := range setup.Trainer.Steps(run.Context(), setup.Batches) {
		if err != nil {
			return err
		}
		run.Step(r)
		if !run.Due() {
			continue
		}
		run.Save(run.Evaluate())
		for r.Step < liveSteps {
			if _, err := os.Stat(goOn(run.Out, r.Step)); err == nil {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	_, err := run.Finish()
	return err
}

func appendTo(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Close()
	}
	return errors.WithStack(err)
}

// TestLiveRun opens a run that another process trains: its curve moves, its checkpoints appear, and the slider shows them.
func TestLiveRun(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	other := exec.Command(os.Args[0])
	other.Env, other.Stderr = append(os.Environ(), trainIn+"="+dir), os.Stderr
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { // also after a failure
		other.Process.Kill()
		other.Wait()
	}()
	for !exists(filepath.Join(dir, "run.json")) || !exists(filepath.Join(dir, "log.csv")) {
		time.Sleep(10 * time.Millisecond)
	}
	shown, err := (&options{run: dir}).open(io.Discard) // waits for the first checkpoint
	if err != nil {
		t.Fatal(err)
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: shown.Model, History: shown.history})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	done := make(chan struct{})
	followed := make(chan error, 1)
	go func() { followed <- shown.learn(done) }()

	b := open(t, s.URL, "en", 1200, 900)
	if got := shown.history.Log(); !got.Live || got.Last != liveSteps {
		t.Errorf("the run is live %t up to step %d, want true, %d", got.Live, got.Last, liveSteps)
	}
	for step := liveEvery; step < liveSteps; step += liveEvery {
		b.until(`document.getElementById("left").textContent.startsWith("step ` + strconv.Itoa(step) + ` of 30")`)
		b.until(`document.getElementById("step").max === "` + strconv.Itoa(step/liveEvery) + `"`)
		if err := os.WriteFile(goOn(dir, step), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b.until(`document.getElementById("left").textContent.includes("ends at step 30") && document.getElementById("step").max === "3"`)
	text := value[string](b, `document.getElementById("text").value`)
	next := func(step int) (*page.Next, error) {
		return shown.Next(page.NextQuestion{Question: page.Question{Text: text, Step: step}, Place: -1, Temperature: 1})
	}
	b.shows(next(30))
	b.write("step", "0")
	b.shows(next(10))
	b.write("step", "2")
	b.shows(next(-1))
	batch, err := shown.Batch(25)
	if err != nil || batch.Weights != 20 || len(batch.Texts) != 4 || len(batch.Texts[0]) != 33 {
		t.Errorf("the batch of step 25: %+v, error %v", batch, err)
	}
	close(done)
	if err := <-followed; err != nil {
		t.Error(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
