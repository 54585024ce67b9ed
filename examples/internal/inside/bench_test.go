//go:build unix

package inside

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// BenchmarkRead answers the questions of the page about texts of some lengths: a new text, a head that no one has opened, and another
// temperature. cpu-ms is the processor time of an answer, which is the longest that a reader waits on idle processors.
//
//	go test ./examples/internal/inside -run '^$' -bench Read -benchtime 10x
func BenchmarkRead(b *testing.B) {
	tok := tokenizer(b)
	for name, model := range map[string]models.GPT{
		"demo":   {Vocab: 1024, Layers: 4, Heads: 4, Dim: 128},
		"larger": {Vocab: 8192, Layers: 6, Heads: 6, Dim: 384},
	} {
		for _, n := range []int{64, 128, 512} {
			model.Context = n
			m := &Model{Model: model, Tokenizer: tok}
			if err := m.Renew(0, declared(b, model)); err != nil {
				b.Fatal(err)
			}
			text := []byte(strings.Repeat("ÿ", n/2))
			q, turn := page.Question{Step: -1, Text: string(text)}, 0
			r, err := m.Read(q)
			if err != nil {
				b.Fatal(err)
			}
			if len(r.Tokens) != n {
				b.Fatalf("%d tokens, want %d", len(r.Tokens), n)
			}
			for _, question := range []string{"read", "head", "next"} {
				b.Run(fmt.Sprintf("%s/%d/%s", name, n, question), func(b *testing.B) {
					begin := cpu()
					for b.Loop() {
						turn++
						switch question {
						case "read":
							_, err = m.Read(q)
						case "head":
							a := r.Attentions[turn%len(r.Attentions)]
							_, err = m.Head(page.HeadQuestion{Question: q, Path: a.Path, Head: turn % a.Heads})
						case "next":
							_, err = m.Next(page.NextQuestion{Question: q, Place: -1, Temperature: 0.1 * float64(1+turn%20)})
						}
						if err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(1e3*(cpu()-begin)/float64(b.N), "cpu-ms")
				})
			}
		}
	}
}

// cpu returns the processor time of this process in seconds.
func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
