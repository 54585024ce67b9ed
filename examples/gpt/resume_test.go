package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// small returns the options of a run of some seconds that uses all state of a checkpoint: dropout, a schedule, random batches, moments.
func small(t *testing.T, out string) *options {
	t.Helper()
	data := out + ".txt" // not in the process's temporary folder: the process may be killed
	text := strings.Repeat("the quick brown fox jumps over the lazy dog, and 빠른 갈색 여우가 게으른 개를 넘는다.\n", 40)
	if err := os.WriteFile(data, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	o := defaults()
	o.data, o.Out, o.vocabulary.Name = data, out, "char"
	o.layers, o.heads, o.dim, o.context, o.batch = 1, 2, 16, 16, 4
	o.Steps, o.EvalEvery, o.dropout, o.MicroBatches = 120, 4, 0.1, 2
	return o
}

// results returns the files whose every bit depends on the whole run of this many steps.
func results(t *testing.T, out string, steps int) map[string][]byte {
	t.Helper()
	files, last := map[string][]byte{}, fmt.Sprintf("checkpoints/step-%08d/", steps)
	for _, name := range []string{"model.safetensors", "config.json", "tokenizer.json",
		last + "model.safetensors", last + "optimizer.safetensors", last + "trainer_state.json"} {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	log, err := os.ReadFile(filepath.Join(out, "log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	files["log.csv without seconds"] = regexp.MustCompile(`(?m)^((?:[^,\n]*,){5})[^,\n]*`).ReplaceAll(log, []byte("$1"))
	return files
}

func sameResults(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs from the file of the uninterrupted run", name)
		}
	}
}

// kills returns the number of kills of TestKilledAnywhere, which the environment can set: KILLS=300.
func kills(t *testing.T) int {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("KILLS"), "12"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKilledAnywhere kills a run repeatedly with SIGKILL, half of the time while it saves, resumes it each time, and compares the
// result with an uninterrupted run.
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
	took, want := time.Since(start), results(t, alone, 120)
	random := rand.New(rand.NewPCG(1, 2))
	for total, done, saving := kills(t), 0, 0; done < total; {
		out := filepath.Join(t.TempDir(), "killed")
		n, inSave := killThrough(t, out, took, min(20, total-done), random)
		sameResults(t, results(t, out, 120), want)
		if done, saving = done+n, saving+inSave; n == 0 {
			took /= 2 // the run is faster now than it was alone
		}
		t.Logf("killed %d times, %d of them in a save", done, saving)
	}
}

// killThrough kills a run at most this many times and then lets it finish. It returns the number of kills, and of kills in a save.
func killThrough(t *testing.T, out string, took time.Duration, most int, random *rand.Rand) (kills, inSave int) {
	for {
		c := command(out)
		var output bytes.Buffer
		c.Stdout, c.Stderr = &output, &output
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		if kills < most { // after at most a sixth of the run, so that many kills hit it
			killSoon(c.Process, out, time.Duration(random.Int64N(int64(took/6)+1)), random.IntN(2) == 0, ended)
		}
		err := <-ended
		switch {
		case err == nil:
			return kills, inSave
		case c.ProcessState.ExitCode() == -1:
			kills++
			if left, _ := filepath.Glob(filepath.Join(out, "checkpoints", ".step-*")); len(left) > 0 {
				inSave++
			}
		default:
			t.Fatalf("after %d kills: %v\n%s", kills, err, output.String())
		}
	}
}

// killSoon kills a process after a time. With saving, it waits for the next save.
func killSoon(p *os.Process, out string, after time.Duration, saving bool, ended chan error) {
	for begin := time.Now(); time.Since(begin) < 10*after+time.Second; time.Sleep(100 * time.Microsecond) {
		select {
		case err := <-ended:
			ended <- err
			return
		default:
		}
		if time.Since(begin) < after {
			continue
		}
		if left, _ := filepath.Glob(filepath.Join(out, "checkpoints", ".step-*")); !saving || len(left) > 0 {
			break
		}
	}
	_ = p.Kill() // an error means that the process has ended
}

// TestInterrupted: Ctrl-C ends a run after the current step and saves it. The resumed run gives the same results. The run has more steps
// than any machine takes before the signal, and the test waits for its log, not for a time.
func TestInterrupted(t *testing.T) {
	stopped, alone := filepath.Join(t.TempDir(), "stopped"), filepath.Join(t.TempDir(), "alone")
	c := command(stopped, "GPT_TEST_STEPS=1000000000", "GPT_TEST_WATCH=yes")
	var output bytes.Buffer
	c.Stdout, c.Stderr = &output, &output
	if _, err := c.StdinPipe(); err != nil { // stays open
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for {
		if log, err := os.ReadFile(filepath.Join(stopped, "log.csv")); err == nil && bytes.Count(log, []byte("\n")) > 9 {
			break
		}
		select {
		case err := <-ended:
			t.Fatalf("the run ended too early: %v\n%s", err, output.String())
		case <-time.After(time.Millisecond):
		}
	}
	if err := c.Process.Signal(os.Interrupt); err != nil {
		_ = c.Process.Kill()
		t.Skipf("interrupts cannot be sent here: %v", err)
	}
	if err := <-ended; err != nil {
		t.Fatalf("got %v, want exit code 0\n%s", err, output.String())
	}
	var step int
	if _, after, ok := strings.Cut(output.String(), "saved at step "); !ok || !strings.Contains(after, "continue with -resume") {
		t.Fatalf("got %q, want the saved step and the flag that resumes", output.String())
	} else if _, err := fmt.Sscan(after, &step); err != nil {
		t.Fatal(err)
	}
	steps := step + 6
	for _, out := range []string{stopped, alone} {
		if text, err := command(out, fmt.Sprintf("GPT_TEST_STEPS=%d", steps)).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	sameResults(t, results(t, stopped, steps), results(t, alone, steps))
}

// command runs TestKilledAnywhere as a program that trains into a folder, or resumes the run in it.
func command(out string, env ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^TestKilledAnywhere$")
	c.Env = append(append(os.Environ(), "GPT_TEST_OUT="+out), env...)
	return c
}

func child(t *testing.T) {
	o := small(t, os.Getenv("GPT_TEST_OUT"))
	o.Auto = true
	if steps := os.Getenv("GPT_TEST_STEPS"); steps != "" { // with a schedule that does not depend on the number of steps
		low, warmup := o.LR, 5
		o.MinLR, o.Warmup = &low, &warmup
		if _, err := fmt.Sscan(steps, &o.Steps); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("GPT_TEST_WATCH") != "" { // the child ends with its parent
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(1)
		}()
	}
	if _, err := learn(o); err != nil {
		t.Fatal(err)
	}
}

func TestTrainGenerateEval(t *testing.T) {
	out := filepath.Join(t.TempDir(), "model")
	o := small(t, out)
	o.SampleEvery = 50
	if finished, err := learn(o); err != nil || !finished {
		t.Fatal(finished, err)
	}
	var text bytes.Buffer
	g := generation{model: out, prompt: "the ", options: sampling(60)} // past the window of 16
	if err := g.run(&text); err != nil {
		t.Fatal(err)
	}
	if n := len([]rune(strings.TrimSuffix(text.String(), "\n"))); n != 64 {
		t.Errorf("generated %d characters, want 4 of the prompt and 60 more: %q", n, text.String())
	}
	text.Reset()
	g.prompt = strings.Repeat("the ", 5) // 20 characters
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
}
