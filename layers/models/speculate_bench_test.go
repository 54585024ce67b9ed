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
)

// BenchmarkSpeculate generates 64 tokens with the gpt2 shape, reading 3 ahead, in turn with one token at a time. The text repeats itself without
// end, as that of random weights does, so this is the most that reading ahead can gain. times-plain is the ratio of the speeds.
func BenchmarkSpeculate(b *testing.B) {
	plain := graph.NewParams(tensor.Float32, 1)
	build(b, plain, graph.Decode, gpt2GPT.Decode(1, 1))
	for _, q := range []kernel.Quant{0, kernel.BF16, kernel.Q8_0, kernel.Q4_0} {
		params, name := plain, "f32"
		if q != 0 {
			var err error
			if params, err = graph.Pack(plain, q, graph.Decode, gpt2GPT.Decode(1, 1)); err != nil {
				b.Fatal(err)
			}
			name = strings.ToLower(q.String())
		}
		b.Run("gpt2-"+name, func(b *testing.B) {
			d, err := generate.NewDecoder(params, gpt2GPT, 1)
			if err != nil {
				b.Fatal(err)
			}
			passes := 0
			text := func(o generate.Options) func() {
				return func() {
					before := d.Passes()
					for _, err := range generate.Tokens(d, []int32{5, 6, 7, 5, 6, 7, 5}, o) {
						if err != nil {
							b.Fatal(err)
						}
					}
					if o.Speculate > 0 {
						passes = d.Passes() - before
					}
				}
			}
			steps := []func(){text(generate.Options{Tokens: 64, Speculate: 3}), text(generate.Options{Tokens: 64})}
			new(turns.Turns).Run(steps...) // the first step allocates
			var s turns.Turns
			for b.Loop() {
				s.Run(steps...)
			}
			s.Report(b, 1, "times-plain")
			b.ReportMetric(64/s.Shortest(0).Seconds(), "tokens/s")
			b.ReportMetric(64/s.Shortest(1).Seconds(), "plain-tokens/s")
			b.ReportMetric(64/float64(passes), "tokens/pass")
		})
	}
}

// BenchmarkCache reads tokens at the end of a full window with the gpt2 shape and caches in few bits, in turn with caches in float32. times-F32 is
// the ratio of the speeds.
func BenchmarkCache(b *testing.B) {
	params := graph.NewParams(tensor.Float32, 1)
	prompt := [][]int32{tokens(1, gpt2GPT.Vocab, gpt2GPT.Context-50).Int32s()}
	reading := func(q kernel.Quant) (func(), *generate.Decoder) {
		d, err := generate.NewDecoder(params, generate.Cached{Model: gpt2GPT, Format: q}, 1)
		if err != nil {
			b.Fatal(err)
		}
		return func() {
			if d.Len(0) == 0 || d.Len(0) == d.Window() {
				b.StopTimer()
				d.Reset()
				if _, err := d.Append(prompt); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			if _, err := d.Append([][]int32{{7}}); err != nil {
				b.Fatal(err)
			}
		}, d
	}
	for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0} {
		b.Run(fmt.Sprintf("gpt2-%s", strings.ToLower(q.String())), func(b *testing.B) {
			plain, p := reading(0)
			few, d := reading(q)
			new(turns.Turns).Run(few, plain) // the prompts
			var s turns.Turns
			for range 20 {
				s.Run(few, plain)
			}
			for b.Loop() {
			}
			s.Report(b, 1, "times-F32")
			b.ReportMetric(1/s.Shortest(0).Seconds(), "tokens/s")
			b.ReportMetric(1/s.Shortest(1).Seconds(), "F32-tokens/s")
			b.ReportMetric(float64(d.Memory().States)/1e6, "cache-MB")
			b.ReportMetric(float64(p.Memory().States)/1e6, "F32-cache-MB")
		})
	}
}
