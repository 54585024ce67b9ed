package checkpoints_test

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// damages returns kinds of damage to a checkpoint of step 2, and the words that the error must contain.
func damages() map[string]struct {
	damage func(dir string) error
	want   []string
} {
	shorten := func(name string) func(string) error {
		return func(dir string) error {
			stat, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			return os.Truncate(filepath.Join(dir, name), stat.Size()-1)
		}
	}
	remove := func(name string) func(string) error {
		return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
	}
	overwrite := func(name, text string) func(string) error {
		return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666) }
	}
	return map[string]struct {
		damage func(dir string) error
		want   []string
	}{
		"short weights":    {shorten("model.safetensors"), []string{"model.safetensors", "it was saved with", "damaged"}},
		"short optimizer":  {shorten("optimizer.safetensors"), []string{"optimizer.safetensors", "damaged"}},
		"short state":      {shorten("trainer_state.json"), []string{"trainer_state.json", "damaged"}},
		"short tokenizer":  {shorten("tokenizer.json"), []string{"tokenizer.json", "1 bytes", "with 2"}},
		"no weights":       {remove("model.safetensors"), []string{"model.safetensors", "no such file"}},
		"no manifest":      {remove("checkpoint.json"), []string{"checkpoint.json", "no such file"}},
		"short manifest":   {shorten("checkpoint.json"), nil}, // loses only its last newline
		"half a manifest":  {overwrite("checkpoint.json", `{"step": 2, "fil`), []string{"checkpoint.json", "JSON"}},
		"empty manifest":   {overwrite("checkpoint.json", `{"step": 2}`), []string{"checkpoint.json", "missing: crc32c, files"}},
		"another step":     {overwrite("checkpoint.json", signed(`{"step":3,"files":{"config.json":{"bytes":1,"crc32c":"00000001"}},"crc32c":"00000000"}`)), []string{"says step 3"}},
		"outside":          {overwrite("checkpoint.json", signed(`{"step":2,"files":{"../x":{"bytes":1,"crc32c":"00000001"}},"crc32c":"00000000"}`)), []string{"../x", "outside"}},
		"unsigned":         {overwrite("checkpoint.json", `{"step":2,"files":{},"crc32c":"00000000"}`), []string{"checkpoint.json", "checksum", "saved with 00000000"}},
		"no files":         {overwrite("checkpoint.json", signed(`{"step":2,"files":{},"crc32c":"00000000"}`)), []string{"lists no files"}},
		"a number":         {flip("model.safetensors", -1), []string{"model.safetensors", "checksum", "damaged"}},
		"a moment":         {flip("optimizer.safetensors", -1), []string{"optimizer.safetensors", "checksum", "damaged"}},
		"the state":        {flip("trainer_state.json", 20), []string{"trainer_state.json", "checksum", "damaged"}},
		"strange weights":  {overwrite("model.safetensors.index.json", "{}"), []string{"model.safetensors.index.json", "was not saved with the checkpoint"}},
		"bad header":       {flip("model.safetensors", 8), []string{"model.safetensors", "header"}},
		"bad header, opt.": {flip("optimizer.safetensors", 9), []string{"optimizer.safetensors", "header"}},
	}
}

// signed returns a manifest with its checksum filled in.
func signed(text string) string {
	sum := crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
	return strings.Replace(text, `"crc32c":"00000000"}`, fmt.Sprintf(`"crc32c":"%08x"}`, sum), 1)
}

// flip inverts the byte of a file at an offset, from the end if negative. The size stays the same.
func flip(name string, at int) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		content[(at+len(content))%len(content)] ^= 0xff
		return os.WriteFile(path, content, 0o666)
	}
}

// TestDamage: Load names the damage and changes nothing. Latest returns the previous checkpoint and lists the damaged one.
func TestDamage(t *testing.T) {
	for name, c := range damages() {
		t.Run(name, func(t *testing.T) {
			r := checkpoints.Run{Dir: t.TempDir()}
			save(t, r, 1, 3)
			s := save(t, r, 2, 2)
			check(t, c.damage(s.Dir))
			latest, err := r.Latest()
			check(t, err)
			if c.want == nil {
				wantCheckpoint(t, latest, 2)
				return
			}
			w, st := weightsOf(9), state{Cursor: 9}
			_, err = s.Load(w, &st)
			wantError(t, err, append(c.want, "checkpoints: load", s.Dir)...)
			wantUntouched(t, w, 9)
			wantSame(t, "state", st, state{Cursor: 9})
			_, err = checkpoints.Check(s.Dir)
			wantError(t, err, c.want...)

			wantCheckpoint(t, latest, 1)
			wantSame(t, "damaged", len(latest.Damaged), 1)
			wantError(t, latest.Damaged[0], c.want...)
			best, err := r.Best()
			check(t, err)
			wantSame(t, "best", best.Step, 1)
		})
	}
}

// TestAllDamaged: a run whose checkpoints are all damaged does not look like a run without checkpoints.
func TestAllDamaged(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	s := save(t, r, 1, 1)
	check(t, os.Remove(filepath.Join(s.Dir, "model.safetensors")))
	_, err := r.Latest()
	wantError(t, err, "all 1 checkpoints are damaged", "model.safetensors")
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want it not to be fs.ErrNotExist", err)
	}
}
