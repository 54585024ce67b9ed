package job_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// member is a rank of a Group of goroutines.
type member struct {
	rank  int
	links [][]chan []byte // from, to
}

func (m member) Rank() int { return m.rank }
func (m member) Size() int { return len(m.links) }

func (m member) Send(to int, data []byte) error {
	m.links[m.rank][to] <- append([]byte(nil), data...)
	return nil
}

func (m member) Receive(from int, data []byte) error {
	if got := copy(data, <-m.links[from][m.rank]); got != len(data) {
		return errors.Errorf("got %d bytes of rank %d, want %d", got, from, len(data))
	}
	return nil
}

func (m member) Broadcast(from int, data []byte) error {
	if m.rank != from {
		return m.Receive(from, data)
	}
	for to := range m.links {
		if to != from {
			m.Send(to, data)
		}
	}
	return nil
}

// runTogether runs a program on several ranks. The result is that of rank 0.
func runTogether(t *testing.T, size int, change func(rank int, p *program), args string) (said string, err error) {
	t.Helper()
	links := make([][]chan []byte, size)
	for i := range links {
		for range size {
			links[i] = append(links[i], make(chan []byte, 1000))
		}
	}
	var wait sync.WaitGroup
	failed := make([]error, size)
	for rank := range size {
		p := newProgram()
		p.group = member{rank, links}
		if change != nil {
			change(rank, p)
		}
		wait.Go(func() {
			_, failed[rank] = p.run(args)
			if rank == 0 {
				said = p.said.String()
			} else if p.said.Len() > 0 {
				t.Errorf("%d ranks: rank %d said %q, want nothing", size, rank, p.said.String())
			}
		})
	}
	wait.Wait()
	for rank, err := range failed {
		if (err == nil) != (failed[0] == nil) {
			t.Errorf("%d ranks: rank %d ended with %v, rank 0 with %v", size, rank, err, failed[0])
		}
	}
	return said, failed[0]
}

// TestRanks: the folder of a run is the same, byte for byte, for 1 to 4 ranks, with divided moments, with an accuracy as score and early
// stopping, and if the run is resumed with other numbers of ranks.
func TestRanks(t *testing.T) {
	inFolder(t)
	settings := "-lr 0.2 -batch 3 -micro-batches 4 -seed 5 -decay 0.01 -keep 0 -patience 2 -eval-tokens 40 -steps 24"
	score := func(_ int, p *program) { p.score = job.Accuracy }
	one := newProgram()
	score(0, one)
	mustRun(t, one, settings)
	want := files(t, "out")
	for _, c := range []struct {
		size int
		zero string
	}{{1, ""}, {2, ""}, {3, " -zero"}, {4, " -zero"}} {
		out := fmt.Sprintf("out%d", c.size)
		if _, err := runTogether(t, c.size, score, settings+c.zero+" -out "+out); err != nil {
			t.Fatalf("%d ranks: %v", c.size, err)
		}
		sameRun(t, out, want, c.zero != "")
	}
	short := strings.Replace(settings, "-steps 24", "-steps 4 -min-lr 0.2 -warmup 0", 1) + " -patience 0"
	if _, err := runTogether(t, 4, score, short+" -zero -out parts"); err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{2, 1, 3} {
		if _, err := runTogether(t, size, score, fmt.Sprintf("-resume -out parts -steps %d", 6+2*i)); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, one, strings.Replace(short, "-steps 4", "-steps 10", 1)+" -out whole")
	got, whole := files(t, "parts"), files(t, "whole")
	for _, name := range []string{"model.safetensors", "weights.csv", "checkpoints/step-00000010/optimizer.safetensors"} {
		if got[name] != whole[name] || got[name] == "" {
			t.Errorf("%s of a run with changing ranks differs", name)
		}
	}
}

// sameRun compares the folder of a run of several ranks with the files of one process. With -zero the ranks measure no parts.
func sameRun(t *testing.T, dir string, want map[string]string, zero bool) {
	t.Helper()
	got, want := files(t, dir), maps.Clone(want)
	if zero {
		if got["watch.jsonl"] != "" {
			t.Errorf("%s: with -zero the parts are %.200s", dir, got["watch.jsonl"])
		}
		delete(got, "watch.jsonl")
		delete(want, "watch.jsonl")
	}
	sameFiles(t, got, want)
}

// TestBatchIsDivided: with fewer micro-batches than ranks, the batch of a run is divided. The run is then the one with these flags.
func TestBatchIsDivided(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-batch 3 -micro-batches 4")
	want := files(t, "out")
	said, err := runTogether(t, 3, nil, "-batch 6 -micro-batches 2 -out divided")
	if err != nil || !strings.Contains(said, "3 ranks: a step of -batch 6 -micro-batches 2 is divided into -batch 3 -micro-batches 4") {
		t.Errorf("got error %v and said %q", err, said)
	}
	sameFiles(t, files(t, "divided"), want)
	if _, err := runTogether(t, 3, nil, "-resume -batch 6 -micro-batches 2 -out divided"); err != nil {
		t.Errorf("the same command does not resume: %v", err)
	}
	_, err = runTogether(t, 3, nil, "-resume -batch 12 -micro-batches 2 -out divided")
	wantError(t, err, "-batch is 3 in the run and 12 here")
	_, err = runTogether(t, 3, nil, "-batch 1 -micro-batches 2 -out few")
	wantError(t, err, "-micro-batches is 2 for 3 ranks and -batch 1 cannot be divided", "multiple of 3")
	_, err = runTogether(t, 5, nil, "-resume -out out")
	wantError(t, err, "4 micro-batches for 5 ranks", "mpirun -n 4")
}

// TestUnlikeRanks: a rank that begins with other data than rank 0 is an error of all.
func TestUnlikeRanks(t *testing.T) {
	inFolder(t)
	_, err := runTogether(t, 3, func(rank int, p *program) {
		if rank == 1 {
			p.ids[7]++
		}
	}, "-batch 3 -micro-batches 4")
	wantError(t, err, "another rank begins with other settings, data")
}

// TestVerify verifies every step of a run on 1 and 3 ranks, with the checkpoints that are left and with sums alone.
func TestVerify(t *testing.T) {
	inFolder(t)
	settings := "-lr 0.2 -batch 3 -micro-batches 4 -keep 2 -eval-every 3"
	mustRun(t, newProgram(), settings)
	want := files(t, "out")
	for step := 1; step <= 12; step++ {
		p := newProgram()
		finished, err := p.run(fmt.Sprintf("-verify %d -out out", step))
		if err != nil || finished || len(p.losses) > 0 || !strings.Contains(p.said.String(), fmt.Sprintf("step %d follows, bit for bit: ", step)) {
			t.Fatalf("step %d: finished %v, %d steps, error %v, said %q", step, finished, len(p.losses), err, p.said.String())
		}
		if checked := strings.Contains(p.said.String(), "and its checkpoint"); checked != (step%3 == 0 && want[fmt.Sprintf("checkpoints/step-%08d/checkpoint.json", step)] != "") {
			t.Errorf("step %d: said %q", step, p.said.String())
		}
	}
	said, err := runTogether(t, 3, nil, "-verify 11 -out out -zero")
	if err != nil || !strings.Contains(said, "on 3 ranks") {
		t.Errorf("got error %v and said %q", err, said)
	}
	sameFiles(t, files(t, "out"), want) // nothing has changed
	for args, words := range map[string][]string{
		"-verify 13":          {"-verify is 13", "the run has 12 steps"},
		"-verify -1":          {"-verify is -1", "at least 0"},
		"-verify 2 -resume":   {"-verify with -dry-run, -find-lr or -resume"},
		"-verify 2 -lr 0.3":   {"-lr is 0.2 in the run and 0.3 here"},
		"-verify 2 -out none": {"no run to resume or to verify"},
	} {
		_, err := newProgram().run("-out out " + args)
		wantError(t, err, words...)
	}
}

// TestRefuted: a run whose weights do not follow is refuted: by its sums, by its proof, or by other data.
func TestRefuted(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-lr 0.2 -keep 0")
	edit := func(name, old, new string) (restore func()) {
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("%s holds no %q: %v", name, old, err)
		}
		os.WriteFile(name, []byte(strings.Replace(string(text), old, new, 1)), 0o666)
		return func() { os.WriteFile(name, text, 0o666) }
	}
	sums, _ := os.ReadFile("out/weights.csv")
	line := strings.Split(string(sums), "\n")[6]
	restore := edit("out/weights.csv", line, line[:len(line)-8]+"00000000")
	_, err := newProgram().run("-verify 6 -out out")
	wantError(t, err, "step 6 does not follow: recomputed from step 4", "the run recorded 00000000")
	mustVerify(t, "-verify 5 -out out")
	restore()
	p := newProgram()
	p.ids[9]++
	_, err = p.run("-verify 6 -out out")
	wantError(t, err, "the data have key")
}

func mustVerify(t *testing.T, args string) {
	t.Helper()
	p := newProgram()
	if _, err := p.run(args); err != nil || !strings.Contains(p.said.String(), "follows, bit for bit") {
		t.Errorf("%s: got error %v, said %q", args, err, p.said.String())
	}
}

var _ train.Group = member{}

// TestRanksLearning: two ranks give the files of one process with every optimizer, average and schedule, and verify their steps.
func TestRanksLearning(t *testing.T) {
	inFolder(t)
	same := func(int, *program) {}
	for i, settings := range []string{
		"-optimizer muon -zero", "-optimizer lion -zero", "-optimizer adafactor -zero", "-optimizer lamb -zero", "-optimizer sgd -zero",
		"-optimizer schedule-free", "-ema 0.9 -schedule plateau:factor=0.5,patience=0", "-skip-outliers 1 -average 2",
	} {
		settings += " -lr 0.2 -batch 3 -micro-batches 2 -keep 0 -steps 12 -eval-every 4"
		one, two := fmt.Sprintf("one%d", i), fmt.Sprintf("two%d", i)
		mustRun(t, newProgram(), settings+" -out "+one)
		if _, err := runTogether(t, 2, same, settings+" -out "+two); err != nil {
			t.Fatalf("%s: %v", settings, err)
		}
		sameRun(t, two, files(t, one), strings.Contains(settings, "-zero"))
		for _, step := range []string{"7", "8"} {
			mustVerify(t, "-verify "+step+" -out "+two)
		}
	}
	_, err := runTogether(t, 2, same, "-ema 0.9 -zero -micro-batches 2 -out zero")
	wantError(t, err, "-zero with -ema")
}
