package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// TestRescueLog damages a log in many places, in several ways. The log opens, or opens after RescueLog. RescueLog keeps the damaged file
// and loses only damaged lines.
func TestRescueLog(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole.csv")
	writeLog(t, openLog(t, whole, 0), 1, 4)
	want := read(t, whole)
	path, rescued := filepath.Join(dir, "log.csv"), 0
	for at := 0; at < len(want); at += 3 {
		for _, damage := range []string{"x", ",", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
			bad := want[:at] + damage + want[min(at+len(damage), len(want)):]
			if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
				t.Fatal(err)
			}
			l, err := report.OpenLog(path, 4, "")
			if err != nil {
				aside, err := report.RescueLog(path, "")
				if err != nil {
					t.Fatalf("byte %d, %q: %v", at, damage, err)
				}
				if got := read(t, aside); got != bad {
					t.Fatalf("byte %d, %q: the damaged log is kept as %q, want %q", at, damage, got, bad)
				}
				if n := strings.Count(read(t, path), "\n"); n < 4 { // of 6: damage may join or spoil two lines
					t.Errorf("byte %d, %q: %d lines are rescued", at, damage, n)
				}
				os.Remove(aside)
				rescued++
				l = openLog(t, path, 4)
			}
			l.Close()
			if _, err := report.ReadLog(path); err != nil {
				t.Fatalf("byte %d, %q: %v", at, damage, err)
			}
		}
	}
	if rescued < 20 {
		t.Errorf("%d logs were damaged, want more: the test shows nothing", rescued)
	}
	for _, want := range []string{".damaged-1", ".damaged-2"} { // the earlier file is kept
		os.WriteFile(path, []byte("my diary\n"), 0o644)
		if aside, err := report.RescueLog(path, ""); err != nil || !strings.HasSuffix(aside, want) {
			t.Errorf("got %q and %v, want a name with %s", aside, err, want)
		}
	}
	_, err := report.RescueLog(filepath.Join(dir, "none.csv"), "")
	wantError(t, err, "none.csv")
}
