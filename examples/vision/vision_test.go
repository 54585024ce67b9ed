package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/models"
)

// barFlags makes a model that learns the bars in a second.
const barFlags = "-images images.idx -labels labels.idx -classes across,down -layers 2 -heads 2 -dim 16 -hidden 32 -batch 16 -lr 5e-3 -held-out=0.2 "

// vision runs the program by a command line, and returns its output.
func vision(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), &w)
	return w.String(), err
}

func mustRun(t *testing.T, args string) string {
	t.Helper()
	out, err := vision(args)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return out
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, w)
		}
	}
}

// idx returns an idx file of bytes.
func idx(elements []byte, dims ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, d)
	}
	return append(file, elements...)
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// inBars enters a folder with idx files of 100 pictures of 12×12 pixels: a bright bar across (0) or down (1), and noise.
func inBars(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	var pixels, labels []byte
	for i := range 100 {
		at := 1 + i/2%10
		for k := range 144 {
			v := byte((i*7919 + k*104729) % 61)
			if line := [2]int{k / 12, k % 12}[i%2]; line == at {
				v = 250
			}
			pixels = append(pixels, v)
		}
		labels = append(labels, byte(i%2))
	}
	writeFile(t, "images.idx", idx(pixels, 100, 12, 12))
	writeFile(t, "labels.idx", idx(labels, 100))
}

// TestTrainEvalPredict: the model learns the bars. Its scores after training are those of eval, and it knows a picture in a PNG file of
// another size.
func TestTrainEvalPredict(t *testing.T) {
	inBars(t)
	trained := mustRun(t, "train -out model -steps 150 -eval-every 50 -sample-every 50 -shift 1 "+barFlags)
	if !strings.Contains(trained, "accuracy 1.0000 pictures 20") {
		t.Errorf("got %q, want an accuracy of 1", trained)
	}
	for _, args := range []string{"eval -model model -batch 7", "eval -model model/checkpoints/step-00000150"} {
		if scored := mustRun(t, args); !strings.HasSuffix(trained, scored) {
			t.Errorf("%s: got %q, want the scores of %q", args, scored, trained)
		}
	}
	if scored := mustRun(t, "eval -model model -images images.idx -labels labels.idx"); !strings.Contains(scored, "accuracy 1.0000 pictures 100") {
		t.Errorf("got %q, want an accuracy of 1", scored)
	}
	barFile(t, "dark.png", 36, color.White, color.Black)
	barFile(t, "light.png", 36, color.Black, color.White)
	for _, args := range []string{"-picture light.png", "-picture dark.png -invert", "-images images.idx -number 7", "-picture light.png -size 24"} {
		out := mustRun(t, "predict -n 1 -model model "+args)
		if _, best, _ := strings.Cut(out, "\n"); !strings.HasSuffix(best, "  down\n") {
			t.Errorf("%s: got %q, want down", args, out)
		}
	}
	if m, err := models.Open("model"); err != nil || m.(models.ViT).Labels[1] != "down" {
		t.Errorf("got the model %v and error %v", m, err)
	}
}

// barFile writes a PNG of a bar down the middle.
func barFile(t *testing.T, name string, side int, ground, bar color.Color) {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			m.Set(x, y, ground)
			if x >= side/3 && x < side/3+3 {
				m.Set(x, y, bar)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	writeFile(t, name, b.Bytes())
}

// TestAttention: the command writes a PNG with a map for each head, their mean and the rollout, of each layer.
func TestAttention(t *testing.T) {
	inBars(t)
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+barFlags)
	for _, args := range []string{"", "-size 24"} {
		out := mustRun(t, "attention -model model -images images.idx -number 3 -to maps/a.png "+args)
		if !strings.Contains(out, "picture 3 of images.idx") {
			t.Errorf("got %q", out)
		}
		f, err := os.Open("maps/a.png")
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(f)
		f.Close()
		if err != nil || m.Bounds().Dy() < big+2*tile || m.Bounds().Dx() < leftMargin+4*tile {
			t.Errorf("got error %v and a picture of %v", err, m.Bounds())
		}
	}
	_, err := vision("attention -model model -to model/config.json/a.png")
	wantError(t, err, "-to")
}

// TestPublished: a folder without preprocessor_config.json opens, with its tensors named by PyTorch.
func TestPublished(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "golden", "vit-tiny")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("needs ../shared/golden/vit-tiny")
	}
	if out := mustRun(t, "predict -n 10 -model "+dir); strings.Count(out, "LABEL_") != 10 {
		t.Errorf("got %q, want 10 classes", out)
	}
	to := filepath.Join(t.TempDir(), "a.png")
	mustRun(t, "attention -model "+dir+" -to "+to)
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
}
