package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// BenchmarkAnswers asks every endpoint of a page over HTTP, as a reader's click does. ns/op is the time from the question to the last byte
// of the answer, by the clock.
//
//	go test ./examples/explore -run '^$' -bench Answers -benchtime 20x
func BenchmarkAnswers(b *testing.B) {
	m, err := inside.Open(saved(b, func(v int) models.Model { return models.GPT{Vocab: v, Context: 512, Layers: 4, Heads: 4, Dim: 128} }))
	if err != nil {
		b.Fatal(err)
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: m})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, path := range []string{"about", "graph", "map?step=-1", "log"} {
		b.Run(path, func(b *testing.B) {
			answers(b, func(int) (*http.Response, error) { return http.Get(s.URL + "/api/v1/" + path) })
		})
	}
	for _, n := range []int{128, 512} {
		q := page.Question{Text: longText(m, n), Step: -1}
		for name, of := range map[string]func(turn int) any{
			"tokens": func(int) any { return map[string]string{"text": q.Text} },
			"read":   func(int) any { return q },
			"head": func(turn int) any {
				return page.HeadQuestion{Question: q, Path: fmt.Sprintf("h.%d.attn", turn%4), Head: turn / 4 % 4}
			},
			"next": func(turn int) any {
				return page.NextQuestion{Question: q, Place: -1, Temperature: 0.1 * float64(1+turn%20)}
			},
			"words": func(turn int) any { return page.WordsQuestion{ID: int32(turn % 256), Other: -1, Step: -1, Nearest: 12} },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				answers(b, func(turn int) (*http.Response, error) {
					body, _ := json.Marshal(of(turn)) // a question has JSON
					return http.Post(s.URL+"/api/v1/"+name, "application/json", strings.NewReader(string(body)))
				})
			})
		}
	}
}

// answers asks a question again and again, and reads the answers.
func answers(b *testing.B, ask func(turn int) (*http.Response, error)) {
	b.ReportAllocs()
	size := int64(0)
	for turn := 0; b.Loop(); turn++ {
		a, err := ask(turn)
		if err != nil {
			b.Fatal(err)
		}
		size, err = io.Copy(io.Discard, a.Body)
		a.Body.Close()
		if err != nil || a.StatusCode != http.StatusOK {
			b.Fatalf("status %d, error %v", a.StatusCode, err)
		}
	}
	b.ReportMetric(float64(size)/1e3, "kB/answer")
}

// longText returns a text of at most n tokens, nearly as many.
func longText(m *inside.Model, n int) (text string) {
	for {
		ids, err := m.Tokenizer.Encode(text + "prism ")
		if err != nil || len(ids) > n {
			return text
		}
		text += "prism "
	}
}
