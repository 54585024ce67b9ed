package job_test

import (
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/quick"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestMain serves as the program that RunSweep starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sweeps" {
		if _, err := runSweep(os.Stdout, strings.Join(os.Args[2:], " ")); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == "swept" {
		p := newProgram()
		_, err := p.run(strings.Join(os.Args[2:], " "))
		os.Stdout.Write(p.said.Bytes())
		if err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(quick.Main(m))
}

func readWeights(t testing.TB, dir string) map[string]*tensor.Dense {
	t.Helper()
	all, err := checkpoints.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestConfig trains with flags from a file, and repeats the run from its run.toml.
func TestConfig(t *testing.T) {
	inFolder(t)
	config := "lr = 0.2\nsteps = 8\nmetrics = [\"csv\", \"jsonl\"]\ngroup = [\"table:decay=0,lr=0.1\"]\nseed = 5\n"
	os.WriteFile("a.toml", []byte(config), 0o644)
	p := newProgram()
	mustRun(t, p, "-config a.toml -seed 3")
	if p.LR != 0.2 || p.Steps != 8 || p.Seed != 3 || p.Metrics != "csv,jsonl" || len(p.Groups) != 1 {
		t.Errorf("got %+v %+v, want the values of the file and -seed 3", p.Learning, p.Options)
	}
	mustRun(t, newProgram(), "-config out/run.toml -out again")
	a, b := files(t, "out"), files(t, "again")
	metricsFree(a, b)
	sameFiles(t, b, a)
	mustRun(t, newProgram(), "-resume -config a.toml -seed 3")
	for text, want := range map[string]string{
		"lrr = 1":       `a.toml sets "lrr", which is no flag (did you mean "lr"?)`,
		"lr = \"x\"":    `a.toml: -lr is "x"`,
		"[lr]\nx = 1":   "lr is a map",
		"lr = ":         "-config is a.toml: toml: line 1",
		"config = \"\"": `sets "config"`,
	} {
		os.WriteFile("a.toml", []byte(text), 0o644)
		_, err := newProgram().run("-out bad -config a.toml")
		wantError(t, err, want)
	}
	_, err := newProgram().run("-out bad -config b.toml")
	wantError(t, err, "-config is b.toml", "no such file")
}

// metricsFree removes files that hold times.
func metricsFree(all ...map[string]string) {
	for _, a := range all {
		delete(a, "log.jsonl")
	}
}

// runSweep runs a sweep of programs that TestMain serves.
func runSweep(w io.Writer, args string) (ran bool, err error) {
	p := newProgram()
	f := flag.NewFlagSet("test", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	p.Options.Flags(f)
	p.Learning.Flags(f)
	if err := f.Parse(strings.Fields(args)); err != nil {
		return false, err
	}
	return job.RunSweep(f, "swept", w)
}

// readTable reads sweep.csv.
func readTable(t *testing.T, dir string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "sweep.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// checkTable compares sweep.csv of four runs over lr and decay with their checkpoints.
func checkTable(t *testing.T, dir string) {
	t.Helper()
	rows := readTable(t, dir)
	if len(rows) != 5 || !slices.Equal(rows[0], []string{"lr", "decay", "step", "valid_loss", "seconds", "folder"}) {
		t.Fatalf("got %q, want a head and four rows", rows)
	}
	before := 0.0
	for _, row := range rows[1:] {
		best, err := (checkpoints.Run{Dir: filepath.Join(dir, row[5], "checkpoints")}).Best()
		if err != nil {
			t.Fatal(err)
		}
		loss, err := strconv.ParseFloat(row[3], 64)
		seconds, e := strconv.ParseFloat(row[4], 64)
		if err != nil || e != nil || loss != best.Loss || loss < before || row[2] != fmt.Sprint(best.Step) || seconds <= 0 || row[5] != "lr="+row[0]+"_decay="+row[1] {
			t.Errorf("got %q, want step %d with a loss of %v, best first", row, best.Step, best.Loss)
		}
		before = loss
	}
}

// TestConfigPaths: a path in a file is relative to the current folder, as on the command line. In run.toml it is absolute.
func TestConfigPaths(t *testing.T) {
	inFolder(t)
	if err := os.MkdirAll("settings", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("settings/a.toml", []byte("data = 'words'\nsteps = 4"), 0o666); err != nil {
		t.Fatal(err)
	}
	p := newProgram()
	mustRun(t, p, "-config settings/a.toml")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if text := files(t, "out")["run.toml"]; p.data != "words" || !strings.Contains(text, fmt.Sprintf("data = %q", filepath.Join(here, "words"))) {
		t.Errorf("got %q and %q, want words of the current folder", p.data, text)
	}
}

// TestSweep sweeps two flags, one of them with a value that fails, and continues an interrupted sweep.
func TestSweep(t *testing.T) {
	inFolder(t)
	sweep := func(args string) (string, error) {
		var w strings.Builder
		ran, err := runSweep(&w, args)
		if !ran && err == nil {
			t.Errorf("%s: ran no sweep", args)
		}
		return w.String(), err
	}
	said, err := sweep("-out s -steps 4 -sweep lr=0.5,1e-9 -sweep decay=0,0.1")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if last := lines[len(lines)-1]; last != "the table is in s/sweep.csv" {
		t.Errorf("ends with %q, want the file of the table", last)
	}
	table := lines[len(lines)-6 : len(lines)-1]
	if !slices.Equal(strings.Fields(table[0]), strings.Fields("lr decay step validation loss training folder")) || !strings.HasPrefix(table[1], "0.5") || !strings.HasPrefix(table[4], "1e-9") {
		t.Errorf("got the table\n%s\nwant the runs with the larger rate first", strings.Join(table, "\n"))
	}
	if _, err := os.Stat("s/lr=1e-9_decay=0.1/model.safetensors"); err != nil {
		t.Error(err)
	}
	checkTable(t, "s")
	os.RemoveAll("s/lr=0.5_decay=0")
	again, err := sweep("-out s -steps 4 -sweep lr=0.5,1e-9 -sweep decay=0,0.1")
	if err != nil || strings.Count(again, "the run has its 4 steps") != 3 {
		t.Errorf("got error %v and %q, want only the lost run trained", err, again)
	}
	said, err = sweep("-out f -steps 4 -sweep warmup=1,9")
	wantError(t, err, "-sweep: 1 of 2 runs failed")
	if rows := readTable(t, "f"); len(rows) != 2 || rows[1][0] != "1" {
		t.Errorf("got the table %q, want a row for the run that did not fail", rows)
	}
	if !strings.Contains(said, "run 2 of 2: warmup=9") {
		t.Errorf("said %q, want both runs", said)
	}
	for args, want := range map[string]string{
		"-sweep lr=1,2,1": "it lists lr=1 twice", "-sweep lr=1,x": `-lr is "x"`, "-sweep out=1": "-out is no setting", "-sweep lrr=1": `did you mean "-lr"?`, "-sweep seed=1 -sweep seed=2": "-seed twice",
	} {
		_, err := sweep(args)
		wantError(t, err, want)
	}
}

// TestFindLR tests rates and trains nothing.
func TestFindLR(t *testing.T) {
	inFolder(t)
	p := newProgram()
	if finished, err := p.run("-find-lr"); finished || err != nil || p.at != 0 {
		t.Fatalf("finished %v at step %d, error %v", finished, p.at, err)
	}
	if said := p.said.String(); !strings.Contains(said, "the loss falls fastest at a rate of") || !strings.Contains(said, "out/lr.png") {
		t.Errorf("said %q", said)
	}
	if all := files(t, "out"); len(all) != 1 || !strings.HasPrefix(all["lr.png"], "\x89PNG") {
		t.Errorf("got %d files, want lr.png", len(all))
	}
	mustRun(t, newProgram(), "-noise-scale 3") // in the same folder
}

// TestSets scores two more sets of held-out data.
func TestSets(t *testing.T) {
	inFolder(t)
	p := newProgram()
	p.sets = []string{"first", "second"}
	mustRun(t, p, "-metrics jsonl -noise-scale 4")
	log := files(t, "out")["log.jsonl"]
	for _, name := range []string{"valid_loss", "valid_accuracy", "valid_loss/first", "valid_loss/second", "valid_accuracy/second", "noise_scale"} {
		if n := strings.Count(log, `"`+name+`":`); n != 3 && name != "noise_scale" || n == 0 {
			t.Errorf("got %d values of %s in %q, want 3", n, name, log)
		}
	}
	p = newProgram()
	p.sets = []string{"same", "same"}
	_, err := p.run("-out bad")
	wantError(t, err, `"same"`, "its own name")
}

// TestSweepRanks: under mpirun, a sweep is an error.
func TestSweepRanks(t *testing.T) {
	t.Setenv("OMPI_COMM_WORLD_RANK", "0")
	t.Setenv("OMPI_COMM_WORLD_SIZE", "2")
	_, err := runSweep(io.Discard, "-sweep lr=1,2")
	wantError(t, err, "under mpirun")
}

// TestConfigTwice: a file that can be read only once is an error.
func TestConfigTwice(t *testing.T) {
	inFolder(t)
	_, err := newProgram().run("-config " + os.DevNull)
	wantError(t, err, "no regular file")
	os.WriteFile("a.toml", []byte("config = 'b.toml'"), 0o644)
	_, err = newProgram().run("-config a.toml")
	wantError(t, err, "a file cannot name another")
}

// TestChangedOptimizer: a change that the optimizer's state does not fit is an error that names the change and the remedy.
func TestChangedOptimizer(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-steps 4 -ema 0.9")
	for _, change := range []string{"-ema 0 -change ema", "-optimizer lion -change optimizer"} {
		_, err := newProgram().run("-resume -steps 8 " + change)
		wantError(t, err, "does not fit after the change ("+strings.Fields(change)[0]+" is", "resume without the change")
	}
}
