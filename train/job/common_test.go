package job_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// config is the configuration of the tests' model, which takes the logits of a token from a row of a table.
type config struct {
	Vocab int `json:"vocab"`
}

func (c config) loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		logits := s.Try(ops.Embedding(s.Param("table", graph.Normal(1), c.Vocab, c.Vocab), tokens)) // (B, T, V)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

// program is a user's training program.
type program struct {
	job.Options
	job.Learning
	batch, vocab int
	data, start  string // paths, which the program does not read

	ids       []int32 // ids of the text
	tokenizer string
	name      string
	loss      func(b, t int) func(*graph.Scope) // nil means the loss of config
	each      func(run *job.Run, step int)      // called after each step of the loop
	held      func(job.Held) job.Held           // replaces the held-out data; nil keeps them
	score     job.Score
	sets      []string // names of more sets of held-out data
	said      bytes.Buffer
	losses    []float64
	at        int // number of the last step
}

func newProgram() *program {
	ids := make([]int32, 400)
	for i := range ids {
		ids[i] = int32(i * i % 7)
	}
	return &program{
		Options:  job.Options{Out: "out", Steps: 12, EvalEvery: 4, Keep: 2},
		Learning: job.Learning{LR: 0.1, Beta2: 0.99, Clip: 1, MicroBatches: 1, Seed: 1},
		batch:    4, vocab: 8, ids: ids, tokenizer: "tokens", name: "test",
	}
}

// run runs the program with a command line.
func (p *program) run(args string) (finished bool, err error) {
	p.said.Reset()
	p.losses = nil
	f := flag.NewFlagSet("test", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.IntVar(&p.batch, "batch", p.batch, "")
	f.IntVar(&p.vocab, "vocab", p.vocab, "")
	f.StringVar(&p.data, "data", p.data, "")
	f.StringVar(&p.start, "start", p.start, "")
	p.Options.Flags(f)
	p.Learning.Flags(f)
	if err := f.Parse(strings.Fields(args)); err != nil {
		return false, err
	}
	run, err := job.Open(&p.Options, job.Program{Name: p.name, Flags: f, Data: []string{"data"}, Fixed: []string{"vocab", "seed", "start"}, Paths: []string{"data", "start"}, W: &p.said})
	if err != nil {
		return false, err
	}
	defer run.Close()
	if err := p.Learning.Check(p.Steps); err != nil {
		return false, err
	}
	s, batches, err := p.setup()
	if err != nil {
		return false, err
	}
	if err := run.Start(s); err != nil {
		return false, err
	}
	for r, err := range s.Trainer.Steps(run.Context(), batches) {
		if err != nil {
			return false, err
		}
		run.Step(r)
		p.losses, p.at = append(p.losses, r.Loss), r.Step
		if p.each != nil {
			p.each(run, r.Step)
		}
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	return run.Finish()
}

func (p *program) setup() (s job.Setup, batches train.Source, err error) {
	corpus, err := data.NewCorpus(p.ids)
	if err != nil {
		return s, nil, err
	}
	if s.Data, err = corpus.Key(); err != nil {
		return s, nil, err
	}
	learning, held, err := corpus.Split(0.8)
	if err != nil {
		return s, nil, err
	}
	loss, params := config{p.vocab}.loss, p.Params()
	if p.loss != nil {
		loss = p.loss
	}
	step, err := graph.Build(params, graph.Train, loss(p.batch, 5))
	if err != nil {
		return s, nil, err
	}
	if s.Eval, err = graph.Build(params, graph.Eval, loss(p.batch, 5)); err != nil {
		return s, nil, err
	}
	if s.Trainer, err = p.Trainer(step, p.Steps); err != nil {
		return s, nil, err
	}
	scored := held.Sequential(p.batch, 5)
	scored.Spread = p.EvalTokens
	s.Batches, s.Held = learning.Batches(p.batch, 5), scored
	for _, name := range p.sets {
		s.Sets = append(s.Sets, job.Set{Name: name, Held: held.Sequential(p.batch, 5)})
	}
	if p.held != nil {
		s.Held = p.held(s.Held)
	}
	s.Config, s.Files = config{p.vocab}, map[string][]byte{"tokenizer.json": []byte(p.tokenizer)}
	s.Shapes, s.Score = "two of them", p.score
	s.About, s.Next = "a table on numbers", "test generate"
	return s, s.Batches, nil
}

// inFolder runs a test in an empty folder.
func inFolder(t *testing.T) { t.Chdir(t.TempDir()) }

// emptyText makes an empty text in a folder of its own and returns its path.
func emptyText(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustRun(t testing.TB, p *program, args string) {
	t.Helper()
	if finished, err := p.run(args); err != nil || !finished {
		t.Fatalf("%s: finished %v, error %v", args, finished, err)
	}
}

func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q, want one line", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want one with %q", err, w)
		}
	}
}

// files reads every file below a folder except the lock, and removes the times from the log.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" || d.Name() == "loss.png" {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		if all[name] = string(text); name == "log.csv" {
			all[name] = withoutSeconds(all[name])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// withoutSeconds removes the column seconds of a log, which differs between runs.
func withoutSeconds(log string) string {
	lines := strings.Split(log, "\n")
	for i, line := range lines {
		if fields := strings.Split(line, ","); len(fields) >= 8 {
			lines[i] = strings.Join(append(fields[:5:5], fields[6:]...), ",")
		}
	}
	return strings.Join(lines, "\n")
}

func sameFiles(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs:\n%.600s\nwant\n%.600s", name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left over", name)
		}
	}
}
