package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// small makes a model that learns the bars in a second.
const small = "-images images.idx -labels labels.idx -classes across,down -layers 2 -heads 2 -dim 16 -hidden 32 -batch 16 -lr 5e-3 -held-out=0.2 "

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
	trained := mustRun(t, "train -out model -steps 150 -eval-every 50 -sample-every 50 -shift 1 "+small)
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
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+small)
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

// TestResume: a run that ends halfway and is resumed by -out alone has the files of a run in one piece.
func TestResume(t *testing.T) {
	inBars(t)
	args := small + "-min-lr 5e-3 -warmup 0 -dropout 0.1 -flip -shift 2 -size 16 "
	for _, args := range []string{"train -eval-every 5 -out whole -steps 20 " + args, "train -eval-every 5 -out half -steps 10 " + args, "train -resume -out half -steps 20"} {
		mustRun(t, args)
	}
	for _, name := range []string{"config.json", "preprocessor_config.json", "checkpoints/step-00000020/model.safetensors", "checkpoints/step-00000020/optimizer.safetensors"} {
		a, err := os.ReadFile(filepath.Join("whole", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join("half", filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s of the resumed run differs (%v)", name, err)
		}
	}
	_, err := vision("train -resume -out half -patch 2")
	wantError(t, err, "-patch is 4 in the run and 2 here")
	labels, err := os.ReadFile("labels.idx")
	if err != nil {
		t.Fatal(err)
	}
	labels[8] ^= 1
	writeFile(t, "labels.idx", labels)
	_, err = vision("train -resume -out half -steps 30")
	wantError(t, err, "data")
	_, err = vision("eval -model half")
	wantError(t, err, "they have changed")
}

func TestOtherFolder(t *testing.T) {
	inBars(t)
	flagstest.OtherFolder(t, program, small+"-test-images images.idx -test-labels labels.idx")
}

func TestDryRun(t *testing.T) {
	inBars(t)
	mustRun(t, "train -dry-run -out plan -steps 100 "+small)
	if _, err := os.Stat("plan"); err == nil {
		t.Error("a dry run left a folder")
	}
}

// TestDigits: the program draws the same digits each time, of all classes, and each differs.
func TestDigits(t *testing.T) {
	a, b := drawDigits(300, 1), drawDigits(200, 1)
	if !bytes.Equal(a.Pixels[:len(b.Pixels)], b.Pixels) || drawDigits(200, 2).Key() == b.Key() {
		t.Error("the digits do not depend on the seed alone")
	}
	if err := a.Check(10); err != nil || a.Len() != 300 {
		t.Errorf("got %d digits and error %v", a.Len(), err)
	}
	counts, seen := [10]int{}, map[string]bool{}
	for i, class := range a.Classes {
		counts[class]++
		seen[string(a.Picture(i))] = true
	}
	for digit, n := range counts {
		if n < 15 {
			t.Errorf("digit %d was drawn %d times of 300", digit, n)
		}
	}
	if len(seen) != 300 {
		t.Errorf("got %d different pictures of 300", len(seen))
	}
}

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, eval, predict, attention, help and version"},
		{Args: "train -layers many", Words: "-layers is \"many\", want a whole number"},
		{Args: "train -steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "train -layers 0", Words: "-layers is 0, want at least 1"},
		{Args: "train -patch 0", Words: "-patch is 0"},
		{Args: "train -patch 5", Words: "Size 28 is not a multiple of Patch 5"},
		{Args: "train -size 30", Words: "-size is 30, want a multiple of -patch, which is 4"},
		{Args: "train -size 8000000", Words: "-size is 8000000, want at most 4096"},
		{Args: "train -dropout 1", Words: "-dropout is 1, want at least 0 and less than 1"},
		{Args: "train -held-out 0", Words: "-held-out is 0"},
		{Args: "train -held-out 1e-9", Words: "-held-out is 1e-09, which is 0 of 6000 pictures"},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -shift 28", Words: "Shift is 28, want 0 … 27"},
		{Args: "train -images missing.idx", Words: "-images is missing.idx, but -labels is missing"},
		{Args: "train -labels missing.idx", Words: "-labels is missing.idx, but -images is missing"},
		{Args: "train -images missing.idx -labels missing.idx", Words: "-images is \"missing.idx\""},
		{Args: "train -classes a,b", Words: "-classes is a,b, but -images is missing"},
		{Args: "eval", Words: "-model is \"out/vision\", which does not exist"},
		{Args: "predict -model missing", Words: "missing"},
		{Args: "predict -n 0", Words: "-n is 0"},
		{Args: "predict -picture a.png -images b.idx", Words: "want only one of them"},
		{Args: "attention -number -1", Words: "-number is -1"},
	})
}

// TestBadFiles: files that do not fit are one clear error, and leave no folder.
func TestBadFiles(t *testing.T) {
	inBars(t)
	writeFile(t, "noise", []byte("\x7fELF and so on"))
	writeFile(t, "few.idx", idx(make([]byte, 99), 99))
	writeFile(t, "third.idx", idx(append(make([]byte, 99), 2), 100))
	writeFile(t, "zeros.idx", idx(make([]byte, 100), 100))
	writeFile(t, "flat.idx", idx(make([]byte, 4*100), 100, 2, 2))
	writeFile(t, "wide.idx", idx(make([]byte, 100*4*8), 100, 4, 8))
	writeFile(t, "four.idx", idx(make([]byte, 100*4*16), 100, 4, 4, 4))
	for args, words := range map[string][]string{
		"-images noise -labels labels.idx":                                                                  {"noise", "begins with 7f 45 4c 46"},
		"-images labels.idx -labels images.idx":                                                             {"labels.idx", "exchanged"},
		"-images images.idx -labels few.idx":                                                                {"99 labels", "100 pictures"},
		"-images images.idx -labels third.idx -classes a,b":                                                 {"third.idx", "picture 99 has class 2, want 0 … 1"},
		"-images images.idx -labels zeros.idx":                                                              {"zeros.idx", "at least two labels"},
		"-images images.idx -labels labels.idx -test-images flat.idx -test-labels zeros.idx":                {"1×12×12", "1×2×2", "-size"},
		"-images images.idx -labels labels.idx -test-images images.idx -test-labels third.idx -classes a,b": {"third.idx", "class 2"},
		"-images images.idx -labels labels.idx -test-images images.idx -test-labels few.idx":                {"99 labels"},
		"-images wide.idx -labels labels.idx":                                                               {"8×4 pixels", "-size"},
		"-images four.idx -labels labels.idx":                                                               {"4 channels, want 1 or 3"},
		"-images images.idx -labels labels.idx -classes a,a":                                                {"\"a\""},
	} {
		_, err := vision("train -out out -steps 2 " + args)
		wantError(t, err, words...)
		if _, err := os.Stat("out"); err == nil {
			t.Errorf("%s: the folder out exists", args)
		}
	}
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+small)
	for args, words := range map[string][]string{
		"predict -picture noise":                    {"noise", "PNG, JPEG or GIF"},
		"predict -images images.idx -number 100":    {"-number is 100, want at most 99"},
		"predict -size 1000000":                     {"1000000×1000000 pixels", "4096"},
		"predict -size 13":                          {"13×13 pixels", "multiple of 4"},
		"eval -images images.idx -labels third.idx": {"third.idx", "class 2"},
		"eval -images flat.idx -labels few.idx":     {"99 labels"},
	} {
		_, err := vision(args + " -model model")
		wantError(t, err, words...)
	}
	for content, words := range map[string][]string{
		`{"image_mean": [1, 2, 3]}`:            {"3 numbers in image_mean", "1 channels"},
		`{"resample": 9}`:                      {"resample 9"},
		`{"size": {"height": 8, "width": 12}}`: {"size", "equal height and width"},
		`{"size": -4}`:                         {"-4×-4 pixels", "4096"},
		`{"size": 10}`:                         {"10×10 pixels"},
		`{"image_std": [0]}`:                   {"standard deviation 0"},
		`[`:                                    {"preprocessor_config.json"},
	} {
		writeFile(t, "model/preprocessor_config.json", []byte(content))
		_, err := vision("predict -model model -images images.idx")
		wantError(t, err, words...)
	}
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "eval": 1, "-h": 0, "train -h": 0, "attention -h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	small := "-out out -layers 1 -heads 1 -dim 4 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "eval": "", "predict": "", "attention": ""})
}

// TestWrapped: folders with the names that wrappers of PyTorch give open.
func TestWrapped(t *testing.T) {
	inBars(t)
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+small)
	want := mustRun(t, "predict -model model -images images.idx")
	for dir := range flagstest.Wrapped(t, "model") {
		if got := mustRun(t, "predict -images images.idx -model "+dir); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
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

// TestRollout follows the flow through two layers of two tokens. Half of each layer is its residual connection.
func TestRollout(t *testing.T) {
	first := rollout([]float64{0.5, 0.5, 0, 1}, []float64{1, 0, 0, 1})
	if want := []float64{0.75, 0.25, 0, 1}; !slices.Equal(first, want) {
		t.Errorf("got %v, want %v", first, want)
	}
	second := rollout([]float64{0, 1, 0.5, 0.5}, first)
	if want := []float64{0.375, 0.625, 0.1875, 0.8125}; !slices.Equal(second, want) {
		t.Errorf("got %v, want %v", second, want)
	}
}

// TestProcessor: a scale without rescaling or normalizing gives the values of Hugging Face's ViTImageProcessor.
func TestProcessor(t *testing.T) {
	for content, want := range map[string]float32{
		`{}`: (100.0/255 - 0.5) / 0.5,
		`{"image_mean": [0.2], "image_std": [0.1]}`:                           (100.0/255 - 0.2) / 0.1,
		`{"do_normalize": false}`:                                             100.0 / 255,
		`{"do_rescale": false, "image_mean": [90], "image_std": [4]}`:         (100.0 - 90) / 4,
		`{"rescale_factor": 0.01, "image_mean": [0.5], "image_std": [0.125]}`: (1 - 0.5) / 0.125,
	} {
		t.Chdir(t.TempDir())
		writeFile(t, processorName, []byte(content))
		p, err := readProcessor(".", 1)
		if err != nil {
			t.Fatal(err)
		}
		one := data.Pictures{Channels: 1, Height: 1, Width: 1, Pixels: []byte{100}}
		feed, err := one.Sequential(1, p.scale()).Batch(0)
		if err != nil {
			t.Fatal(err)
		}
		if got := feed["pixels"].Float32s()[0]; math.Abs(float64(got-want)) > 1e-5 {
			t.Errorf("%s: got %g, want %g", content, got, want)
		}
	}
}
