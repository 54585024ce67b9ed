package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scored returns the ids and log-probabilities that generate -scores prints.
func scored(t *testing.T, args string) (ids []int, logProbs []float64) {
	t.Helper()
	text, err := said("generate -model first -prompt the -temperature 0 -scores " + args)
	if err != nil {
		t.Fatal(err)
	}
	return parseScores(t, text)
}

// parseScores reads the lines of generate -scores.
func parseScores(t *testing.T, text string) (ids []int, logProbs []float64) {
	t.Helper()
	lines, ok := strings.CutSuffix(text, "\n\n")
	if !ok {
		t.Errorf("got %q, want a blank line at the end", text)
	}
	for line := range strings.SplitSeq(lines, "\n") {
		var id int
		var p float64
		var token string
		if _, err := fmt.Sscanf(line, "%d\t%f\t%q", &id, &p, &token); err != nil || token == "" || p > 0 {
			t.Errorf("got line %q (%v), want an id, a log-probability and a token", line, err)
		}
		ids, logProbs = append(ids, id), append(logProbs, p)
	}
	return ids, logProbs
}

// TestSampling: the options of sampling reach the sampler.
func TestSampling(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	ids, logProbs := scored(t, "-tokens 12")
	if len(ids) != 12 || slices.Max(logProbs) > 0 || slices.Min(logProbs) < -10 {
		t.Fatalf("got ids %v with %v, want 12 likely tokens", ids, logProbs)
	}
	first := ids[0]
	forced := (first + 1) % 29
	if got, p := scored(t, fmt.Sprintf("-tokens 12 -bias %d=100", forced)); slices.Min(got) != forced || slices.Max(got) != forced {
		t.Errorf("a bias of 100 for %d: got %v", forced, got)
	} else if math.Abs(p[0]) < 0.1 {
		t.Errorf("got log-probability %v of a forced token, want the model's own", p[0])
	}
	if got, _ := scored(t, fmt.Sprintf("-tokens 12 -bias %d=-inf", first)); slices.Contains(got, first) {
		t.Errorf("%d is forbidden: got %v", first, got)
	}
	for _, flag := range []string{"-no-repeat 1", "-presence-penalty 1000", "-frequency-penalty 1000"} {
		got, _ := scored(t, "-tokens 12 "+flag)
		slices.Sort(got)
		if n := len(slices.Compact(got)); n != 12 {
			t.Errorf("%s: got %d different tokens, want 12", flag, n)
		}
	}
	if got, _ := scored(t, "-tokens 12 -presence-penalty -1000"); slices.Max(got) != first || slices.Min(got) != first {
		t.Errorf("a negative penalty: got %v, want %d alone", got, first)
	}
	wantError(t, gpt("generate -model first -prompt the -bias 29=1"), "bias of token 29", "29 tokens")
}

// TestMinTokens: with -min-tokens, a text does not end before.
func TestMinTokens(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 50))
	if err := trainSmall(t, "-out first"); err != nil {
		t.Fatal(err)
	}
	ids, _ := scored(t, "-tokens 1")
	writeEOS(t, "first", ids[0])
	if text, err := said("generate -model first -prompt the -temperature 0 -scores -tokens 5"); err != nil || text != "\n" {
		t.Errorf("got %q (%v), want a text that ends at once", text, err)
	}
	if got, _ := scored(t, "-tokens 5 -min-tokens 3"); len(got) < 3 || slices.Contains(got[:3], ids[0]) {
		t.Errorf("got %v, want at least 3 tokens", got)
	}
}

// writeEOS names the token that ends texts in the folder of a model.
func writeEOS(t *testing.T, dir string, id int) {
	t.Helper()
	text := fmt.Sprintf(`{"eos_token_id": %d}`, id)
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
