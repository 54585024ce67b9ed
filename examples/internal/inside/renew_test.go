package inside

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// TestRenew: pages read whole weights of one step while training writes them.
func TestRenew(t *testing.T) {
	m := families(t)["gpt"]
	params := declared(t, m.Model)
	table := params.Value("wte.weight").Float32s()
	var wait sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				r, err := m.Read(page.Question{Step: -1, Text: "the cat"})
				if err != nil {
					t.Error(err)
					return
				}
				if v := r.Vectors[0].Values; r.Step > 0 && (v[0] != float32(r.Step) || slices.Min(v) != slices.Max(v)) {
					t.Errorf("step %d: the weights are %g … %g", r.Step, slices.Min(v), slices.Max(v))
					return
				}
			}
		}()
	}
	for step := 1; step <= 30; step++ {
		for i := range table {
			table[i] = float32(step)
		}
		if err := m.Renew(step, params); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wait.Wait()
}

// TestLoading: training does not wait for a page that loads a checkpoint.
func TestLoading(t *testing.T) {
	m := families(t)["gpt"]
	params, begun, finish := declared(t, m.Model), make(chan struct{}), make(chan struct{})
	m.Steps = func() []int { return []int{3} }
	m.Load = func(step int, into *graph.Params) error {
		close(begun)
		<-finish
		return inspect.Copy(into, params)
	}
	read := make(chan error)
	go func() {
		_, err := m.Read(page.Question{Step: 3, Text: "the cat"})
		read <- err
	}()
	<-begun
	m.Wanted()
	if err := m.Renew(4, params); err != nil {
		t.Fatal(err)
	}
	if r, err := m.Read(page.Question{Step: -1, Text: "the cat"}); err != nil || r.Step != 4 {
		t.Errorf("the newest weights: error %v", err)
	}
	close(finish)
	if err := <-read; err != nil {
		t.Error(err)
	}
}

// TestNextAfterRenew: the kept logits are those of the newest weights, and a model that has diverged says so.
func TestNextAfterRenew(t *testing.T) {
	m := families(t)["gpt"]
	params := declared(t, m.Model)
	q := page.NextQuestion{Question: page.Question{Step: -1, Text: "the cat"}, Place: -1, Temperature: 1}
	logits := func() (all []float64) {
		n, err := m.Next(q)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Choices {
			all = append(all, c.Logit)
		}
		return all
	}
	first := logits()
	if again := logits(); !slices.Equal(first, again) {
		t.Errorf("got %v and then %v for the same weights", first, again)
	}
	table := params.Value("wte.weight").Float32s()
	for step := 1; step <= 3; step++ { // the second time, Renew takes up the first weights
		for i := range table {
			table[i] *= 2
		}
		if err := m.Renew(step, params); err != nil {
			t.Fatal(err)
		}
		if next := logits(); slices.Equal(first, next) {
			t.Errorf("step %d: got the logits of older weights", step)
		} else {
			first = next
		}
	}
	table[0] /= 0 * table[0]
	if err := m.Renew(4, params); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Next(q); err == nil || !strings.Contains(err.Error(), "its training has diverged") {
		t.Errorf("got error %v, want one that says that the training has diverged", err)
	}
}
