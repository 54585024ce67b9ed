package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// number returns n with commas between thousands.
func number(n int) string { return message.NewPrinter(language.English).Sprint(n) }

func printTable(w io.Writer, rows []row) {
	const line = "%-18s %10s %12s %10s %12s %11s %10s\n"
	fmt.Fprintf(w, line, "", "vocabulary", "tokens/word", "unknown", "bytes/token", "trained in", "encodes")
	fmt.Fprintln(w, strings.Repeat("─", 89))
	for i, r := range rows {
		kind := r.kind
		if i > 0 && rows[i-1].kind == kind {
			kind = ""
		}
		trained := "—"
		if r.trained > 0 {
			trained = r.trained.Round(time.Millisecond).String()
		}
		fmt.Fprintf(w, line, kind, number(r.vocab), fmt.Sprintf("%.2f", r.perWord()), percent(r.counts), fmt.Sprintf("%.2f", r.bytesPerToken()),
			trained, fmt.Sprintf("%.1f MB/s", r.speed/1e6))
	}
	fmt.Fprintln(w, "\nA word is text between spaces. Unknown is a share of the tokens. One goroutine encodes.")
}

// percent returns the share of unknown tokens in percent. A tiny share is "<0.01%", not "0.00%".
func percent(c counts) string {
	switch share := 100 * c.unknownShare(); {
	case c.unknown == 0:
		return "0"
	case share < 0.01:
		return "<0.01%"
	default:
		return fmt.Sprintf("%.2f%%", share)
	}
}
