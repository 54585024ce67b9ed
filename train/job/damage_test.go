package job_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestOlderCheckpoint: if the newest checkpoint is damaged, the run prints its error, resumes from an older checkpoint and ends with
// the same files.
func TestOlderCheckpoint(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-keep 0")
	want := files(t, "out")
	for _, name := range []string{"model.safetensors", "optimizer.safetensors", "checkpoint.json", "trainer_state.json"} {
		if err := os.Truncate(filepath.Join("out/checkpoints/step-00000012", name), 5); err != nil {
			t.Fatal(err)
		}
		p := newProgram()
		mustRun(t, p, "-resume")
		said := p.said.String()
		if !strings.Contains(said, "a newer checkpoint is damaged: ") || !strings.Contains(said, name) ||
			!strings.Contains(said, "resuming after step 8 of 12") {
			t.Errorf("%s: said %q", name, said)
		}
		sameFiles(t, files(t, "out"), want)
	}
	for _, step := range []string{"04", "08", "12"} {
		os.Truncate("out/checkpoints/step-000000"+step+"/checkpoint.json", 5)
	}
	for _, args := range []string{"", "-resume"} {
		_, err := newProgram().run(args)
		wantError(t, err, "run in out", "all 3 checkpoints are damaged", "restore one from a copy, or begin another run in another folder")
	}
}

// TestFlippedBits flips a bit of every byte of run.json and of trainer_state.json. Each is an error that names the file, or changes
// only white space.
func TestFlippedBits(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-steps 4")
	for _, name := range []string{"run.json", "checkpoints/step-00000004/trainer_state.json"} {
		path := filepath.Join("out", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for i := range text {
			bad := append([]byte(nil), text...)
			bad[i] ^= 1 << (i % 7)
			if strings.TrimSpace(string(text[i:i+1])) == "" && strings.TrimSpace(string(bad[i:i+1])) == "" {
				continue
			}
			if err := os.WriteFile(path, bad, 0o666); err != nil {
				t.Fatal(err)
			}
			finished, err := newProgram().run("-resume")
			if err == nil || finished || !strings.Contains(err.Error(), filepath.Base(name)) ||
				name == "run.json" && !strings.Contains(err.Error(), "restore it from a copy, or choose another -out") {
				t.Fatalf("%s, byte %d is %q: finished %v, error %v", name, i, bad[i], finished, err)
			}
			refused++
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if mustRun(t, newProgram(), "-resume"); refused < len(text)/2 {
			t.Errorf("%s: %d of %d changes are refused", name, refused, len(text))
		}
	}
}

// TestModelInEveryCase runs with unusual settings and damages the other files of the run. The model is saved in every case.
func TestModelInEveryCase(t *testing.T) {
	inFolder(t)
	one := func(p *program) {
		p.vocab, p.ids = 1, make([]int32, 400) // the loss is exactly 0
	}
	for _, c := range []struct {
		name, args, said string
		set              func(*program)
	}{
		{"fewer steps than between evaluations", "-steps 3 -eval-every 100", "step 3", nil},
		{"one step", "-steps 1", "step 1", nil},
		{"a loss of 0", "", "validation loss", one},
		{"keep all", "-keep 0", "step", nil},
		{"keep one", "-keep 1", "step", nil},
		{"no plot", "", "the model is saved, but", func(*program) { os.MkdirAll("out/loss.png/full", 0o777) }},
		{"the log is damaged on the way", "", "the model is saved, but", func(p *program) {
			p.each = func(_ *job.Run, step int) {
				if step == 6 {
					os.WriteFile("out/log.csv", []byte("damaged"), 0o666)
				}
			}
		}},
		{"a checkpoint is lost on the way", "-keep 0", "step", func(p *program) {
			p.each = func(_ *job.Run, step int) { os.RemoveAll("out/checkpoints/step-00000004") }
		}},
	} {
		os.RemoveAll("out")
		p := newProgram()
		if c.set != nil {
			c.set(p)
		}
		finished, err := p.run(c.args)
		if err != nil || !finished || !strings.Contains(p.said.String(), c.said) {
			t.Errorf("%s: finished %v, error %v, said %q, want it to say %q", c.name, finished, err, p.said.String(), c.said)
			continue
		}
		if _, err := checkpoints.Read("out/model.safetensors"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestDamagedLog resumes with logs of all kinds. The run continues, and a damaged log is kept.
func TestDamagedLog(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-steps 8")
	whole, err := os.ReadFile("out/log.csv")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "diary\n", "step,loss\n1,2\n", strings.Replace(string(whole), "\n5,", "\nx,", 1), string(whole) + "\x00\x00\x00\n"} {
		os.WriteFile("out/log.csv", []byte(bad), 0o666)
		p := newProgram()
		mustRun(t, p, "-resume -steps 9")
		os.RemoveAll("out/checkpoints/step-00000009")
		kept, _ := filepath.Glob("out/log.csv.damaged-*")
		if damaged := bad != ""; damaged != (len(kept) == 1) || damaged != strings.Contains(p.said.String(), "its good lines are kept") {
			t.Errorf("log %q: kept %v, said %q", bad, kept, p.said.String())
		}
		for _, name := range kept {
			if text, _ := os.ReadFile(name); string(text) != bad {
				t.Errorf("kept %q of %q", text, bad)
			}
			os.Remove(name)
		}
	}
	os.Remove("out/log.csv")
	mustRun(t, newProgram(), "-resume -steps 9")
}
