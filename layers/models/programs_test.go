package models_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

func TestGradients(t *testing.T) {
	for name, change := range map[string]func(*models.GPT){
		"tied":    func(*models.GPT) {},
		"untied":  func(m *models.GPT) { m.Untied = true },
		"options": func(m *models.GPT) { m.Hidden, m.Activation, m.Eps, m.Heads = 3, "silu", 1e-3, 1 },
	} {
		m := smallGPT
		change(&m)
		for _, size := range [][2]int{{1, 1}, {3, 5}} {
			t.Run(name, func(t *testing.T) {
				graphtest.Gradients(t, windows(m, size[0], size[1]), m.Loss(size[0], size[1]))
			})
		}
	}
	m := smallSeq2Seq
	t.Run("Seq2Seq post-norm", func(t *testing.T) { graphtest.Gradients(t, pairs(m, 5, 4), m.Loss(2, 5, 4)) })
	m.NormFirst, m.Activation = true, "gelu"
	t.Run("Seq2Seq pre-norm", func(t *testing.T) { graphtest.Gradients(t, pairs(m, 2, 3), m.Loss(2, 2, 3)) })
}

// TestLogitsOfLoss: the programs of Logits and Loss give the same bits for any targets.
func TestLogitsOfLoss(t *testing.T) {
	for _, untied := range []bool{false, true} {
		m := smallGPT
		m.Untied = untied
		params := graph.NewParams(tensor.Float32, 1)
		loss, logits := build(t, params, graph.Eval, m.Loss(2, 9)), build(t, params, graph.Eval, m.Logits(2, 9))
		feed := windows(m, 2, 9)
		run(t, loss, feed)
		run(t, logits, graph.Feed{"tokens": feed["tokens"]})
		got, want := logits.Output("logits"), loss.Output("logits")
		if !slices.Equal(got.Float32s(), want.Float32s()) || !slices.Equal(got.Shape(), tensor.Shape{2, 9, 13}) {
			t.Errorf("logits of shape %v differ by %g from the logits of Loss", got.Shape(), graphtest.MaxDifference(got, want))
		}
	}
}

// TestLossOfLogits computes the loss from the logits by its definition.
func TestLossOfLogits(t *testing.T) {
	m := smallSeq2Seq
	m.LabelSmoothing = 0.2
	params := graph.NewParams(tensor.Float64, 1)
	feed := pairs(m, 5, 6)
	for mode, smoothing := range map[graph.Mode]float64{graph.Train: 0.2, graph.Eval: 0} {
		p := build(t, params, mode, m.Loss(2, 5, 6))
		run(t, p, feed)
		want, n := 0.0, 0
		for i, target := range feed["targets"].Int32s() {
			if target == ops.IgnoreTarget {
				continue
			}
			n++
			row := p.Output("logits").Float64s()[i*m.TargetVocab:][:m.TargetVocab]
			sum := 0.0
			for _, v := range row {
				sum += math.Exp(v)
			}
			for id, v := range row {
				share := smoothing / float64(m.TargetVocab)
				if id == int(target) {
					share += 1 - smoothing
				}
				want -= share * (v - math.Log(sum))
			}
		}
		// The same sums in another order, in float64.
		if want /= float64(n); math.Abs(p.Loss()-want) > 1e-12*want {
			t.Errorf("%v: got a loss of %g, want %g", mode, p.Loss(), want)
		}
	}
}

// TestPaddingDoesNotMatter: tokens after the lengths change nothing.
func TestPaddingDoesNotMatter(t *testing.T) {
	m := smallSeq2Seq
	p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, m.Loss(2, 5, 6))
	feed := pairs(m, 5, 6)
	run(t, p, feed)
	want := p.Loss()
	for i := 2; i < 5; i++ {
		feed["source"].Int32s()[5+i] = 0 // source 1 has two tokens
	}
	for i := 3; i < 6; i++ {
		feed["tokens"].Int32s()[i] = 0 // target 0 has three tokens
	}
	run(t, p, feed)
	if p.Loss() != want {
		t.Errorf("got a loss of %g with other padding, want %g", p.Loss(), want)
	}
	feed["source"].Int32s()[0] ^= 1
	run(t, p, feed)
	if p.Loss() == want {
		t.Error("a token within the length changes nothing")
	}
}

func TestDecodeShapes(t *testing.T) {
	for name, c := range map[string]struct {
		declare func(*graph.Scope)
		vocab   int
	}{
		"GPT":     {smallGPT.Decode(2, 3), 13},
		"Seq2Seq": {smallSeq2Seq.Decode(2, 3), 13},
	} {
		p := build(t, graph.NewParams(tensor.Float32, 1), graph.Decode, c.declare)
		for input, want := range map[string][]int{"tokens": {2, 3}, "past": {2}, "last": {2}} {
			if got := p.InputShape(input); !slices.Equal(got, want) {
				t.Errorf("%s: input %s: got shape %v, want %v", name, input, got, want)
			}
		}
		if got := p.Output("logits").Shape(); !slices.Equal(got, tensor.Shape{2, c.vocab}) {
			t.Errorf("%s: got logits %v, want (2, %d)", name, got, c.vocab)
		}
	}
	if got := [2]int{smallGPT.Window(), smallSeq2Seq.Window()}; got != [2]int{9, 7} {
		t.Errorf("got windows of %v tokens, want 9 and 7", got)
	}
}

// TestDropout: each of a model's dropouts changes the loss in training, differently for each stream, and does not change it in
// evaluation.
func TestDropout(t *testing.T) {
	gpt, none := smallGPT, smallSeq2Seq
	for name, change := range map[string]func(*models.GPT){
		"EmbedDropout": func(m *models.GPT) { m.EmbedDropout = 0.5 },
		"Dropout":      func(m *models.GPT) { m.Dropout = 0.5 },
		"AttnDropout":  func(m *models.GPT) { m.AttnDropout = 0.5 },
	} {
		m := gpt
		change(&m)
		t.Run(name, func(t *testing.T) { checkDropout(t, windows(m, 2, 7), gpt.Loss(2, 7), m.Loss(2, 7)) })
	}
	m := none
	m.Dropout = 0.5
	t.Run("Seq2Seq", func(t *testing.T) { checkDropout(t, pairs(m, 5, 6), none.Loss(2, 5, 6), m.Loss(2, 5, 6)) })
}

func checkDropout(t *testing.T, feed graph.Feed, without, with func(*graph.Scope)) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	plain, eval := build(t, params, graph.Train, without), build(t, params, graph.Eval, with)
	p := build(t, params, graph.Train, with)
	run(t, plain, feed)
	run(t, eval, feed)
	if plain.Loss() != eval.Loss() {
		t.Errorf("got a loss of %g in evaluation, want %g as without dropout", eval.Loss(), plain.Loss())
	}
	losses := []float64{plain.Loss()}
	for stream := range 5 {
		p.Stream = uint64(stream)
		run(t, p, feed)
		first := p.Loss()
		run(t, p, feed)
		if p.Loss() != first {
			t.Errorf("stream %d: got losses of %g and %g", stream, first, p.Loss())
		}
		losses = append(losses, first)
	}
	slices.Sort(losses)
	if distinct := len(slices.Compact(losses)); distinct != 6 {
		t.Errorf("got %d different losses, want 6: one without dropout and one for each of 5 streams", distinct)
	}
}

// TestStepsAllocateNothing: in steady state, neither a training step (forward, backward, clipping, AdamW) nor decoding allocates.
func TestStepsAllocateNothing(t *testing.T) {
	gpt, pair := smallGPT, smallSeq2Seq
	gpt.Dropout, gpt.AttnDropout, gpt.EmbedDropout, pair.Dropout = 0.1, 0.1, 0.1, 0.1
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for name, c := range map[string]struct {
			loss func(*graph.Scope)
			feed graph.Feed
		}{
			"GPT":     {gpt.Loss(3, 9), windows(gpt, 3, 9)},
			"Seq2Seq": {pair.Loss(2, 5, 4), pairs(pair, 5, 4)},
		} {
			p, optimize := build(t, graph.NewParams(dt, 1), graph.Train, c.loss), adamW(1e-3, 0.1)
			weights := p.ValueGrads()
			step := func() {
				p.Stream++
				p.Accumulate = p.Stream%2 == 1
				run(t, p, c.feed)
				if err := optimize(weights); err != nil {
					t.Fatal(err)
				}
			}
			step() // allocates the moments
			if n := testing.AllocsPerRun(20, step); n != 0 {
				t.Errorf("%s of %v: a step allocates %g times, want none", name, dt, n)
			}
		}
		p := build(t, graph.NewParams(dt, 1), graph.Decode, gpt.Decode(2, 1))
		feed := graph.Feed{"tokens": tokens(1, 13, 2, 1), "positions": tokens(1, 9, 2, 1), "past": lengths(3, 0), "last": lengths(0, 1)}
		if n := testing.AllocsPerRun(20, func() { run(t, p, feed) }); n != 0 {
			t.Errorf("decoding in %v allocates %g times, want none", dt, n)
		}
	}
}
