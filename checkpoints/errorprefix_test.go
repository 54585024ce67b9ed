package checkpoints_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestErrorPrefix checks that every exported function puts the package before its errors exactly once: functions of the package call
// each other.
func TestErrorPrefix(t *testing.T) {
	dir := t.TempDir()
	missing, damaged := filepath.Join(dir, "missing"), filepath.Join(dir, "damaged")
	for _, name := range []string{"model.safetensors", "checkpoint.json", "config.json", "plain"} {
		for _, at := range []string{damaged, filepath.Join(damaged, "step-00000001")} {
			if err := os.MkdirAll(at, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(at, name), []byte("damaged"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	params, w := declared(1), filled(1, 2)
	for _, path := range []string{missing, damaged, filepath.Join(damaged, "model.safetensors")} {
		for name, call := range map[string]func() error{
			"Open":        func() error { _, err := checkpoints.Open(path); return err },
			"Read":        func() error { _, err := checkpoints.Read(path); return err },
			"ReadWeights": func() error { _, err := checkpoints.ReadWeights(path, func(string) bool { return true }); return err },
			"LoadWeights": func() error { return checkpoints.LoadWeights(path, params.All(), checkpoints.Rules{}) },
			"Shapes":      func() error { _, err := checkpoints.Shapes(path, checkpoints.Rules{}); return err },
			"ReadJSON":    func() error { return checkpoints.ReadJSON(path, new(any)) },
			"ReadConfig":  func() error { return checkpoints.ReadConfig(path, new(any)) },
			"Check":       func() error { _, err := checkpoints.Check(path); return err },
			"Latest":      func() error { _, err := checkpoints.Run{Dir: path}.Latest(); return err },
			"Best":        func() error { _, err := checkpoints.Run{Dir: path}.Best(); return err },
			"Load":        func() error { _, err := checkpoints.Saved{Dir: path}.Load(params.All(), nil); return err },
			"Write":       func() error { return checkpoints.Write(path, pairs(named{"w", w}, named{"w", w}), nil) },
			"WriteFile":   func() error { return checkpoints.WriteFile(path, func(io.Writer) error { return os.ErrInvalid }) },
			"SaveModel":   func() error { return checkpoints.SaveModel(path, checkpoints.Model{}) },
			"Save":        func() error { _, err := checkpoints.Run{Dir: path}.Save(checkpoints.Checkpoint{}); return err },
		} {
			checkPrefix(t, name+" of "+filepath.Base(path), call())
		}
		os.RemoveAll(missing) // made by a save that failed
	}
}

// TestFileErrorPrefix is TestErrorPrefix for the methods of a File.
func TestFileErrorPrefix(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := checkpoints.Write(path, pairs(named{"w", filled(1, 2)}), nil); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoints.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Tensor("v")
	checkPrefix(t, "Tensor of a missing name", err, path, "v")
	checkPrefix(t, "ReadInto of a missing name", f.ReadInto("v", filled(1, 2)), path, "v")
	checkPrefix(t, "ReadInto of another shape", f.ReadInto("w", filled(1, 3)), path, "w")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = f.Tensor("w")
	checkPrefix(t, "Tensor of a closed file", err, path, "w")
	checkPrefix(t, "ReadInto of a closed file", f.ReadInto("w", tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2))), path, "w")
	checkPrefix(t, "Close of a closed file", f.Close())
}

func checkPrefix(t *testing.T, call string, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: got no error", call)
		return
	}
	text := err.Error()
	if !strings.HasPrefix(text, "checkpoints: ") || strings.Count(text, "checkpoints: ") != 1 {
		t.Errorf("%s: got %q, want the package once, at the start", call, text)
	}
	for _, w := range words {
		if strings.Count(text, w) < 1 {
			t.Errorf("%s: got %q, want it to name %s", call, text, w)
		}
	}
}
