package flags_test

import (
	"maps"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// TestBias: the text of a flag gives the same flag, and a wrong text leaves it unchanged.
func TestBias(t *testing.T) {
	for text, want := range map[string]flags.Bias{
		"13=-inf,50=2.5":     {13: float32(math.Inf(-1)), 50: 2.5},
		" 50=2.5, 13=-Inf":   {13: float32(math.Inf(-1)), 50: 2.5},
		"0=-1e-3":            {0: -1e-3},
		"2147483647=3.4e+38": {math.MaxInt32: 3.4e38},
	} {
		var b, again flags.Bias
		if err := b.Set(text); err != nil || !maps.Equal(b, want) {
			t.Errorf("%q: got %v (%v), want %v", text, b, err, want)
		}
		if err := again.Set(b.String()); err != nil || !maps.Equal(again, want) {
			t.Errorf("%q: its text %q gives %v (%v), want %v", text, b.String(), again, err, want)
		}
	}
	b := flags.Bias{1: 1}
	for _, text := range []string{"", ",", "5", "=1", "5=", "5=x", "5=1,", "-1=1", "2147483648=1", "1.5=1", "5=inf", "5=nan", "5=1e39", "5=1,5=1", "5=1=2", "5=1;6=2"} {
		if err := b.Set(text); err == nil || !maps.Equal(b, flags.Bias{1: 1}) {
			t.Errorf("%q: got %v and error %v, want an error and no change", text, b, err)
		}
	}
}
