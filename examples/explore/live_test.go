package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
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

// trainRun trains a GPT on the sentences of the page, and waits after each evaluation.
func trainRun(dir string) error {
	text := dir + ".txt"
	if err := os.WriteFile(text, []byte(strings.Repeat(strings.Join(inside.Samples(), "\n")+"\n", 20)), 0o666); err != nil {
		return err
	}
	run, err := openGPT(&job.Options{Steps: liveSteps, EvalEvery: liveEvery, Keep: 5, Out: dir}, size{300, 4, 32, 1, 2, 16, liveSteps}, text, io.Discard)
	if err != nil {
		return err
	}
	defer run.Close()
	for r, err := range run.setup.Trainer.Steps(run.Context(), run.setup.Batches) {
		if err != nil {
			return err
		}
		run.Step(r)
		if !run.Due() {
			continue
		}
		run.Sample(fmt.Sprint("written after step ", r.Step))
		run.Save(run.Evaluate())
		for r.Step < liveSteps && !exists(goOn(dir, r.Step)) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	_, err = run.Finish()
	return err
}

// TestLiveRun opens a run that another process trains: its curve moves, its checkpoints appear, and the slider shows them.
func TestLiveRun(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
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
	if got, err := shown.Read(page.Question{Text: "cat", Step: -1}); err != nil || got.Step != liveEvery {
		t.Errorf("the newest weights are those of step %+v, error %v, want %d", got, err, liveEvery)
	}
	for step := liveEvery; step < liveSteps; step += liveEvery {
		b.until(`document.getElementById("left").textContent.startsWith("step ` + strconv.Itoa(step) + ` of 30")`)
		b.until(`document.getElementById("step").max === "` + strconv.Itoa(step/liveEvery) + `"`)
		if err := os.WriteFile(goOn(dir, step), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b.until(`document.getElementById("left").textContent.includes("ends at step 30") && document.getElementById("step").max === "3"`)
	if got := value[[]string](b, heatMaps); len(got) != 2 || !strings.Contains(got[0], "Gradient norm") || !strings.Contains(got[1], "Update over weight") {
		t.Errorf("heat maps %q, want those of the gradient norm and of the update", got)
	}
	if got := value[string](b, `[...document.querySelectorAll("#written p")].map((p) => p.textContent.match(/written after step \d+/)[0]).join()`); got != "written after step 30,written after step 20,written after step 10" {
		t.Errorf("the samples are %q", got)
	}
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

// TestRunGone: the page of a run whose files are damaged or gone keeps the run up to there, says so once, and follows a run that is mended.
func TestRunGone(t *testing.T) {
	dir := t.TempDir()
	log, record := filepath.Join(dir, "log.csv"), filepath.Join(dir, "watch.jsonl")
	const header = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n"
	for name, harm := range map[string]func() error{
		"no log":         func() error { return os.Remove(log) },
		"damaged log":    func() error { return os.WriteFile(log, []byte("\x00\n"), 0o666) },
		"damaged record": func() error { return os.WriteFile(record, []byte("\x00\n"), 0o666) },
	} {
		if err := errors.Join(os.WriteFile(log, []byte(header+"1,5,1,0.1,10,1,,\n"), 0o666), os.WriteFile(record, nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		h := page.NewHistory()
		w := &watched{out: &out, dir: dir, history: h, files: page.NewReader(dir, h), last: 2, live: true}
		w.look()
		if l := h.Log(); len(l.Rows) != 1 || out.Len() > 0 {
			t.Errorf("%s: before it the log is %+v, output %q, want one row and none", name, l, out.String())
		}
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		w.look()
		w.look()
		if l := h.Log(); len(l.Rows) != 1 || l.Live || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s: the log is %+v, output %q, want one row, not live, and one line", name, l, out.String())
		}
		if err := errors.Join(os.WriteFile(log, []byte(header+"1,5,1,0.1,10,1,,\n2,4,1,0.1,10,1,,\n"), 0o666), os.WriteFile(record, nil, 0o666)); err != nil {
			t.Fatal(err)
		}
		w.look()
		if l := h.Log(); len(l.Rows) != 2 || !l.Live {
			t.Errorf("%s: after the repair the log is %+v, want two rows and live", name, l)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
