package models_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/turns"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
)

// The sizes of nanoGPT for a CPU, of nanoGPT for Shakespeare on a GPU, and of GPT-2.
var (
	charGPT = models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128}
	babyGPT = models.GPT{Vocab: 65, Context: 256, Layers: 6, Heads: 6, Dim: 384}
	gpt2GPT = models.GPT{Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768}
)

// BenchmarkTrainStep times forward, backward, clipping to a norm of 1 and AdamW on random tokens. MB is the memory of the Program
// and of AdamW's state; peak-MB is the peak of the whole process, so run one case at a time.
func BenchmarkTrainStep(b *testing.B) {
	for _, c := range []struct {
		name         string
		batch, steps int
		m            models.GPT
		adam         train.AdamW
	}{
		{"char", 12, 64, charGPT, train.AdamW{}},
		{"baby", 8, 256, babyGPT, train.AdamW{}},
		{"gpt2", 4, 64, gpt2GPT, train.AdamW{}},
		{"gpt2-bfloat16", 4, 64, gpt2GPT, train.AdamW{BFloat16: true}}, // the moments only
	} {
		b.Run(c.name, func(b *testing.B) {
			p := build(b, graph.NewParams(tensor.Float32, 1), graph.Train, c.m.Loss(c.batch, c.steps))
			adam := c.adam
			adam.WeightDecay = 0.1
			feed, optimize := windows(c.m, c.batch, c.steps), clipped(&adam, 1e-3)
			step := func() {
				run(b, p, feed)
				if err := optimize(p.ValueGrads()); err != nil {
					b.Fatal(err)
				}
			}
			step() // allocates the moments
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			held := p.Memory().Total()
			for _, t := range adam.State() {
				held += int(t.MemSize())
			}
			b.ReportMetric(float64(c.batch*c.steps*b.N)/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(float64(held)/1e6, "MB")
			b.ReportMetric(peakMB(), "peak-MB")
		})
	}
}

// llamaGPT2 has GPT-2's size and number of weights, which decoding reads once for each token.
var llamaGPT2 = models.Llama{Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768}

// decoding lists the cases of decoding. The small model also has GPT-2's window of 1,024, to have room for 200 tokens.
var decoding = []struct {
	name  string
	batch int
	m     models.LanguageModel
}{
	{"char", 1, models.GPT{Vocab: charGPT.Vocab, Context: gpt2GPT.Context, Layers: charGPT.Layers, Heads: charGPT.Heads, Dim: charGPT.Dim}},
	{"gpt2", 1, gpt2GPT},
	{"gpt2-batch8", 8, gpt2GPT},
	{"llama", 1, llamaGPT2},
	{"llama-batch8", 8, llamaGPT2},
}

// BenchmarkDecode reads one token of every sequence per step, at positions 0 to 199 in turn.
func BenchmarkDecode(b *testing.B) {
	for _, c := range decoding {
		b.Run(c.name, func(b *testing.B) {
			d := decoder(b, c.m, c.batch)
			next := make([][]int32, c.batch)
			for i := range next {
				next[i] = []int32{int32(i)}
			}
			b.ReportAllocs()
			for b.Loop() {
				if d.Len(0) == 200 {
					d.Reset()
				}
				if _, err := d.Append(next); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.batch*b.N)/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(float64(weightBytes(b, c.m))*float64(b.N)/b.Elapsed().Seconds()/1e9, "weight-GB/s")
			b.ReportMetric(peakMB(), "peak-MB")
		})
	}
}

// BenchmarkDecodeWeights reads tokens with the gpt2 shape and weights in few bits, in turn with float32. token is the ratio of the speeds of 25
// tokens, one after the other, at positions 0 to 199, prompt of 192 tokens, batch8 of one token of 8 sequences.
func BenchmarkDecodeWeights(b *testing.B) {
	prompt := [][]int32{tokens(1, gpt2GPT.Vocab, 192).Int32s()}
	eight := make([][]int32, 8)
	for i := range eight {
		eight[i] = []int32{int32(i)}
	}
	plain := graph.NewParams(tensor.Float32, 1)
	build(b, plain, graph.Decode, gpt2GPT.Decode(1, 1))
	for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0, kernel.Q4_K, kernel.Q5_K, kernel.Q6_K} {
		packed, err := graph.Pack(plain, q, graph.Decode, gpt2GPT.Decode(1, 1))
		if err != nil {
			b.Fatal(err)
		}
		for name, ids := range map[string][][]int32{"token": {{7}}, "prompt": prompt, "batch8": eight} {
			times := 1
			if name == "token" {
				times = 25 // a decoder reads the same weights again and again
			}
			b.Run(fmt.Sprintf("gpt2-%s/%s", strings.ToLower(q.String()), name), func(b *testing.B) {
				steps := []func(){appending(b, packed, ids, times), appending(b, plain, ids, times)}
				new(turns.Turns).Run(steps...) // the first step allocates
				var s turns.Turns
				for b.Loop() {
					s.Run(steps...)
				}
				s.Report(b, 1, "times-F32")
				n := float64(times * len(ids) * len(ids[0]))
				b.ReportMetric(n/s.Shortest(0).Seconds(), "tokens/s")
				b.ReportMetric(n/s.Shortest(1).Seconds(), "F32-tokens/s")
			})
		}
	}
}

// appending returns a function that appends ids some times to the sequences of a new decoder.
func appending(b *testing.B, p *graph.Params, ids [][]int32, times int) func() {
	d, err := generate.NewDecoder(p, gpt2GPT, len(ids))
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if d.Len(0) >= 200 || len(ids[0]) > 1 {
			d.Reset()
		}
		for range times {
			if _, err := d.Append(ids); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkPrompt reads prompts of 192 tokens.
func BenchmarkPrompt(b *testing.B) {
	for _, c := range decoding {
		b.Run(c.name, func(b *testing.B) {
			d := decoder(b, c.m, c.batch)
			prompts := make([][]int32, c.batch)
			for i := range prompts {
				prompts[i] = tokens(uint64(i), vocabOf(c.m), 192).Int32s()
			}
			b.ReportAllocs()
			for b.Loop() {
				d.Reset()
				if _, err := d.Append(prompts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(192*float64(c.batch*b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

func decoder(b *testing.B, m models.LanguageModel, batch int) *generate.Decoder {
	d, err := generate.NewDecoder(graph.NewParams(tensor.Float32, 1), m, batch)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// weightBytes returns the bytes of a model's weights in float32. Decoding reads all but a table of positions in each step.
func weightBytes(b *testing.B, m models.LanguageModel) int {
	e, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Decode, m.Decode(1, 1))
	if err != nil {
		b.Fatal(err)
	}
	return e.Memory.Params
}

// BenchmarkDecodeFamilies decodes with a Llama and a GPT of about GPT-2's size in turn. of-GPT is the median ratio of their times of a
// token, and of a prompt of 192 tokens.
func BenchmarkDecodeFamilies(b *testing.B) {
	one, prompt := [][]int32{{7}}, [][]int32{tokens(1, gpt2GPT.Vocab, 192).Int32s()}
	for name, c := range map[string]struct {
		ids  [][]int32
		most int // tokens before the next reset
	}{"token": {one, 200}, "prompt": {prompt, 1}} {
		b.Run(name, func(b *testing.B) {
			var steps []func()
			for _, m := range []models.LanguageModel{gpt2GPT, llamaGPT2} {
				d := decoder(b, m, 1)
				steps = append(steps, func() {
					if d.Len(0) >= c.most {
						d.Reset()
					}
					if _, err := d.Append(c.ids); err != nil {
						b.Fatal(err)
					}
				})
			}
			new(turns.Turns).Run(steps...) // the first step allocates
			var s turns.Turns
			for b.Loop() {
				s.Run(steps...)
			}
			s.Report(b, 1, "of-GPT")
			b.ReportMetric(float64(len(c.ids[0]))/s.Shortest(0).Seconds(), "GPT-tokens/s")
			b.ReportMetric(float64(len(c.ids[0]))/s.Shortest(1).Seconds(), "Llama-tokens/s")
		})
	}
}
