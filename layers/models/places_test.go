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

// TestPlacesLoss: the loss at some places and its gradients are those of Loss with targets there only.
func TestPlacesLoss(t *testing.T) {
	places := []int32{0, 3, 6, 0, 10, 0} // in texts of 5, 2 and 1 tokens
	wanted := []int32{4, 0, 12, ops.IgnoreTarget, 7, ops.IgnoreTarget}
	for name, m := range textEncoders() {
		if m.Body() == nil || !predictsTokens(m) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := texts(m, 5)
			some := graph.Feed{"places": tokens(1, 1, 3, 2), "targets": tokens(1, 1, 3, 2), "tokens": all["tokens"], "lengths": all["lengths"]}
			if types, ok := all["types"]; ok {
				some["types"] = types
			}
			copy(some["places"].Int32s(), places)
			copy(some["targets"].Int32s(), wanted)
			targets := all["targets"].Int32s()
			for i := range targets {
				targets[i] = ops.IgnoreTarget
			}
			for i, id := range wanted {
				if id != ops.IgnoreTarget {
					targets[places[i]] = id
				}
			}
			graphtest.Gradients(t, some, m.PlacesLoss(3, 5, 2))
			params := graph.NewParams(tensor.Float64, 1)
			few, whole := build(t, params, graph.Train, m.PlacesLoss(3, 5, 2)), build(t, params, graph.Train, m.Loss(3, 5))
			run(t, few, some)
			run(t, whole, all)
			if d := math.Abs(few.Loss() - whole.Loss()); !(d < 1e-12) {
				t.Errorf("got a loss of %.15g, want %.15g", few.Loss(), whole.Loss())
			}
			for i, w := range whole.Weights() {
				want, _ := w.Grad()
				got, _ := few.Weights()[i].Grad()
				if d := graphtest.MaxDifference(got.(*tensor.Dense), want.(*tensor.Dense)); !(d < 1e-12) {
					t.Errorf("the gradients of %s differ by %g", w.Name(), d)
				}
			}
			eval := build(t, params, graph.Eval, m.PlacesLoss(3, 5, 2))
			run(t, eval, some)
			if eval.Loss() != few.Loss() || !slices.Equal(eval.Output("logits").Shape(), tensor.Shape{3, 2, 13}) {
				t.Errorf("evaluation has a loss of %g and logits %v, training one of %g", eval.Loss(), eval.Output("logits").Shape(), few.Loss())
			}
		})
	}
}

// predictsTokens reports whether m has the head of a masked language model.
func predictsTokens(m models.TextEncoder) bool {
	head := ""
	switch m := m.(type) {
	case models.BERT:
		head = m.Head
	case models.ModernBERT:
		head = m.Head
	}
	return head == "" || head == "mlm"
}

// TestPlacesNeedHead: a classifier has no loss at places.
func TestPlacesNeedHead(t *testing.T) {
	for _, m := range []models.TextEncoder{smallBERT, smallModernBERT} {
		_, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Train, m.Classifier(fewLabels).PlacesLoss(1, 2, 1))
		wantError(t, err, "Head mlm", "classifier")
		if masked := m.Classifier(fewLabels).Masked(); !predictsTokens(masked) || masked.Check() != nil {
			t.Errorf("got %+v, want a model that predicts tokens", masked)
		}
	}
}

// TestOneSegment: without types, all tokens are of the first segment.
func TestOneSegment(t *testing.T) {
	one := smallBERT
	one.OneSegment = true
	params := graph.NewParams(tensor.Float64, 1)
	feed := texts(smallBERT, 5)
	clear(feed["types"].Int32s())
	want := build(t, params, graph.Eval, smallBERT.Loss(3, 5))
	run(t, want, feed)
	delete(feed, "types")
	got := build(t, params, graph.Eval, one.Loss(3, 5))
	run(t, got, feed)
	if got.Loss() != want.Loss() {
		t.Errorf("got a loss of %g, want %g", got.Loss(), want.Loss())
	}
}
