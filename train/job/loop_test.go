package job_test

import (
	"os"
	"strings"
	"testing"
)

// TestPerplexity: the line of an evaluation shows a perplexity only if the targets are tokens.
func TestPerplexity(t *testing.T) {
	for unit, want := range map[string]string{"": "perplexity 7.", "texts": " on 79 texts"} {
		inFolder(t)
		screen, err := os.Create("screen")
		if err != nil {
			t.Fatal(err)
		}
		p := newProgram()
		p.Unit = unit
		stderr := os.Stderr
		os.Stderr = screen
		_, err = p.run("")
		os.Stderr = stderr
		screen.Close()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("screen")
		if err != nil {
			t.Fatal(err)
		}
		lines := string(text)
		if !strings.Contains(lines, want) || !strings.Contains(lines, "accuracy") || strings.Contains(lines, "perplexity") != (unit == "") {
			t.Errorf("unit %q: printed %q, want %q", unit, lines, want)
		}
	}
}
