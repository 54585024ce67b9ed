package graphtest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that stores its failures instead of reporting them.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.failures = append(r.failures, fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

// failures returns the failures of a check in one text, empty if it passes.
func failures(t *testing.T, check func(testing.TB)) string {
	r, done := &recorder{TB: t}, make(chan struct{})
	go func() { // Fatal ends the goroutine
		defer close(done)
		check(r)
	}()
	<-done
	return strings.Join(r.failures, "\n")
}

// expect requires a check to fail with words, separated by |, or to pass if words is empty.
func expect(t *testing.T, words string, check func(testing.TB)) {
	t.Helper()
	got := failures(t, check)
	if words == "" && got != "" {
		t.Errorf("got failures, want none:\n%s", got)
	}
	for w := range strings.SplitSeq(words, "|") {
		if !strings.Contains(got, w) || words != "" && got == "" {
			t.Errorf("got failures %q, want one with %q", got, w)
		}
	}
}
