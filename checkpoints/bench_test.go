package checkpoints_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// benchWeights returns 16 matrices of 64 MiB in total.
func benchWeights() (w checkpoints.Tensors, bytes int) {
	var list []named
	for _, name := range "abcdefghijklmnop" {
		list = append(list, named{string(name), filled(1.5, 1024, 1024)})
	}
	return pairs(list...), 64 << 20
}

func report(b *testing.B, bytes int) {
	b.ReportMetric(float64(bytes)*float64(b.N)/1e6/b.Elapsed().Seconds(), "MB/s")
}

// BenchmarkWrite includes syncing to the disk. Its peer writes the same bytes to one os.File and calls Sync.
func BenchmarkWrite(b *testing.B) {
	w, bytes := benchWeights()
	b.Run("safetensors", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "x.safetensors")
		b.ReportAllocs()
		for b.Loop() {
			check(b, checkpoints.Write(path, w, nil))
		}
		report(b, bytes)
	})
	b.Run("plain", func(b *testing.B) {
		content := make([]byte, bytes)
		path := filepath.Join(b.TempDir(), "x.bin")
		b.ReportAllocs()
		for b.Loop() {
			check(b, plainWrite(path, content))
		}
		report(b, bytes)
	})
}

func plainWrite(path string, content []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// BenchmarkLoad reads into existing parameters from the page cache. Its peer reads the same bytes into existing memory.
func BenchmarkLoad(b *testing.B) {
	w, bytes := benchWeights()
	path := filepath.Join(b.TempDir(), "x.safetensors")
	check(b, checkpoints.Write(path, w, nil))
	b.Run("safetensors", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			check(b, checkpoints.LoadWeights(path, w, checkpoints.Rules{}))
		}
		report(b, bytes)
	})
	b.Run("plain", func(b *testing.B) {
		memory := make([]byte, bytes)
		b.ReportAllocs()
		for b.Loop() {
			check(b, plainRead(path, memory))
		}
		report(b, bytes)
	})
	for _, dtype := range []string{"BF16", "F16", "F8_E4M3"} {
		b.Run(dtype, func(b *testing.B) { benchmarkConvert(b, dtype) })
	}
}

func plainRead(path string, memory []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, memory)
	return err
}

// benchmarkConvert widens 8 MB of a file to float32; MB/s counts the bytes of the file.
func benchmarkConvert(b *testing.B, dtype string) {
	const bytes = 8 << 20
	n := bytes / 2
	shape := "[4194304]"
	if dtype == "F8_E4M3" {
		n, shape = bytes, "[8388608]"
	}
	path := store(b, file(headerOf(tensorJSON("x", dtype, shape, 0, bytes)), make([]byte, bytes)...))
	x := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(n))
	b.ReportAllocs()
	for b.Loop() {
		check(b, checkpoints.LoadWeights(path, pairs(named{"x", x}), checkpoints.Rules{}))
	}
	report(b, bytes)
}

// BenchmarkSave saves whole training checkpoints: it writes and syncs weights, two moments and state, and removes the previous
// checkpoint.
func BenchmarkSave(b *testing.B) {
	w, bytes := benchWeights()
	moments := func(yield func(string, *tensor.Dense) bool) {
		for name, x := range w {
			if !yield(name+".m", x) || !yield(name+".v", x) {
				return
			}
		}
	}
	r := checkpoints.Run{Dir: b.TempDir(), Keep: 1}
	step := 0
	b.ReportAllocs()
	for b.Loop() {
		step++
		_, err := r.Save(checkpoints.Checkpoint{Step: step, Model: checkpoints.Model{Weights: w}, Optimizer: moments})
		check(b, err)
	}
	report(b, 3*bytes)
}
