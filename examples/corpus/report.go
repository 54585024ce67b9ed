package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// printReport prints the report as a table.
func printReport(w io.Writer, r data.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := message.NewPrinter(language.English)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, p.Sprintf(format, args...)) }
	row("documents", "%d, %d held out", r.Documents, r.HeldOut)
	row("tokens", "%d", r.Tokens)
	row("text", "%.1f MB, %.2f bytes a token", float64(r.Bytes)/1e6, r.BytesPerToken())
	row("unknown", "%.4f %% of the tokens", 100*float64(r.Unknown)/float64(max(r.Tokens, 1)))
	row("mean length", "%.1f tokens", float64(r.Tokens)/float64(max(r.Documents, 1)))
	row("longest", "%d tokens: %s", r.Longest, r.LongestAt)
	row("left out", "%d empty, %d duplicates, %d bad", r.Empty, r.Duplicates, r.Bad)
	return errors.WithStack(t.Flush())
}
