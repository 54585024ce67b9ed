package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small is a run of some seconds with everything that a checkpoint must hold: dropout, a schedule, random batches, moments.
func small(t *testing.T, out string) *options {
	t.Helper()
	data := out + ".txt" // not in a folder of this process's: it may be killed
	text := strings.Repeat("the quick brown fox jumps over the lazy dog, and 빠른 갈색 여우가 게으른 개를 넘는다.\n", 40)
	if err := os.WriteFile(data, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	o := defaults()
	o.data, o.out, o.tokenizer = data, out, "char"
	o.layers, o.heads, o.dim, o.context, o.batch = 1, 2, 16, 16, 4
	o.steps, o.warmup, o.evalEvery, o.dropout, o.microBatches = 120, 5, 4, 0.1, 2
	return o
}

// results are the files of which every bit depends on all of a run.
func results(t *testing.T, out string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"model.safetensors", "config.json", "tokenizer.json",
		"checkpoints/step-00000120/model.safetensors", "checkpoints/step-00000120/optimizer.safetensors", "checkpoints/step-00000120/trainer_state.json"} {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

func sameResults(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs from that of the run that was not interrupted", name)
		}
	}
}

// TestKilledAnywhere kills a run again and again, with SIGKILL at any moment, lets it go on each time, and compares what comes out
// at the end with a run that was left alone.
func TestKilledAnywhere(t *testing.T) {
	if os.Getenv("GPT_TEST_OUT") != "" {
		child(t)
		return
	}
	alone := filepath.Join(t.TempDir(), "alone")
	start := time.Now()
	if out, err := command(alone).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(start)

	killed, kills := filepath.Join(t.TempDir(), "killed"), 0
	random := rand.New(rand.NewPCG(1, 2))
	for done := false; !done; {
		c := command(killed)
		var output bytes.Buffer
		c.Stdout, c.Stderr = &output, &output
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(0, func() {})
		if kills < 20 { // within a part of the run, so that it takes many to get through
			timer = time.AfterFunc(time.Duration(random.Int64N(int64(took/6))), func() { _ = c.Process.Kill() }) // it may have ended by itself
		}
		err := c.Wait()
		timer.Stop()
		switch {
		case err == nil:
			done = true
		case c.ProcessState.ExitCode() == -1:
			kills++
		default:
			t.Fatalf("after %d kills: %v\n%s", kills, err, output.String())
		}
	}
	t.Logf("killed %d times", kills)
	sameResults(t, results(t, killed), results(t, alone))
}

// TestInterrupted: Ctrl-C ends a run after its step with everything saved, and it goes on as if nothing had been.
func TestInterrupted(t *testing.T) {
	alone, stopped := filepath.Join(t.TempDir(), "alone"), filepath.Join(t.TempDir(), "stopped")
	if out, err := command(alone).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := command(stopped)
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // until the run is under way
		if log, err := os.ReadFile(filepath.Join(stopped, "log.csv")); err == nil && bytes.Count(log, []byte("\n")) > 9 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		_ = c.Process.Kill()
		t.Skipf("interrupts cannot be sent here: %v", err)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("got %v, want a program that ends well\n%s", err, output.String())
	}
	if !strings.Contains(output.String(), "go on with -resume") {
		t.Fatalf("got %q, want the step that was saved and how to go on", output.String())
	}
	if out, err := command(stopped).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sameResults(t, results(t, stopped), results(t, alone))
}

// command is TestKilledAnywhere as a program of its own that trains into a folder, going on where a run there was.
func command(out string) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^TestKilledAnywhere$")
	c.Env = append(os.Environ(), "GPT_TEST_OUT="+out)
	return c
}

func child(t *testing.T) {
	o := small(t, os.Getenv("GPT_TEST_OUT"))
	o.resume = true
	if err := learn(o); err != nil {
		t.Fatal(err)
	}
}

func TestTrainGenerateEval(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model")
	o := small(t, out)
	if err := learn(o); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	g := generation{model: out, prompt: "the ", options: sampling(60)} // past the window of 16
	if err := g.run(&text); err != nil {
		t.Fatal(err)
	}
	if n := len([]rune(strings.TrimSuffix(text.String(), "\n"))); n != 64 {
		t.Errorf("generated %d characters, want the prompt's 4 and 60: %q", n, text.String())
	}
	text.Reset()
	g.prompt = strings.Repeat("the ", 5) // of 20 characters
	if err := g.run(&text); err == nil || !strings.Contains(err.Error(), "the prompt has 20 tokens, the model's window is 16") || text.Len() > 0 {
		t.Errorf("a prompt longer than the window: got %q and error %v, want the error alone", text.String(), err)
	}
	g.prompt, g.options.Stop, g.options.Tokens = "the ", nil, 1
	if err := g.run(&text); err != nil || !strings.HasPrefix(text.String(), "the ") {
		t.Errorf("one token: got %q and error %v, want the prompt and one character", text.String(), err)
	}
	var score bytes.Buffer
	e := evaluation{model: out, data: o.data, batch: 4}
	if err := e.run(&score); err != nil {
		t.Fatal(err)
	}
	var loss, perplexity float64
	var tokens int
	if _, err := fmt.Sscanf(score.String(), "loss %f perplexity %f tokens %d\n", &loss, &perplexity, &tokens); err != nil {
		t.Fatalf("%v: %q", err, score.String())
	}
	if err := learn(o); err == nil || !strings.Contains(err.Error(), "-resume") {
		t.Errorf("training into a folder with a run: got %v, want an error that names -resume", err)
	}
	o.resume, o.dim = true, 32
	if err := learn(o); err == nil || !strings.Contains(err.Error(), "another model") {
		t.Errorf("resuming with another -dim: got %v, want an error that says it is another model", err)
	}
	o = small(t, out)
	o.resume = true
	if err := os.WriteFile(o.data, []byte(strings.Repeat("the lazy fox\n", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := learn(o); err == nil || !strings.Contains(err.Error(), "data of the run") {
		t.Errorf("resuming with other text: got %v, want an error that says so", err)
	}
}
