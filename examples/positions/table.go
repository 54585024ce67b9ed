package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// near is the growth of the loss that counts as none.
const near = 0.03

// result is the report.
type result struct {
	context int // length of the windows of training
	lengths []int
	rows    []row
	targets int
}

// growth returns the loss of a row at a length as a share of its loss at the context, less 1.
func (r result) growth(of row, length int) (share float64, ok bool) {
	base, _ := of.at(r.context)
	l, ok := of.at(length)
	return l/base - 1, ok
}

// print prints the losses, their growth, and a summary.
func (r result) print(w io.Writer) {
	english := message.NewPrinter(language.English)
	english.Fprintf(w, "Loss per character of %d held-out characters, in windows of\n\n", r.targets)
	fmt.Fprintf(w, "%-10s", "")
	for _, n := range r.lengths {
		fmt.Fprintf(w, " %7d %7s", n, "")
	}
	fmt.Fprintf(w, " %11s %12s\n%s\n", "trained in", "characters/s", strings.Repeat("─", 10+16*len(r.lengths)+25))
	for i, row := range r.rows {
		fmt.Fprintf(w, "%-10s", row.title)
		for _, n := range r.lengths {
			loss, growth := r.cells(row, n)
			fmt.Fprintf(w, " %7s %7s", loss, growth)
		}
		duration, speed := "", ""
		if i == 0 || r.rows[i-1].positions != row.positions { // else the same training
			duration = report.Duration(time.Duration(row.seconds * float64(time.Second)))
			speed = english.Sprintf("%d", int(float64(row.tokens)/row.seconds))
		}
		fmt.Fprintf(w, " %11s %12s\n", duration, speed)
	}
	fmt.Fprintln(w)
	for _, row := range r.rows {
		if row.refused != nil {
			fmt.Fprintf(w, "%s refuses past its table: %v\n", row.title, row.refused)
		}
	}
	fmt.Fprintln(w, r.summary())
}

// cells returns the loss of a row at a length, and its growth in percent.
func (r result) cells(of row, length int) (loss, growth string) {
	l, ok := of.at(length)
	share, _ := r.growth(of, length)
	switch {
	case !ok:
		return "refused", ""
	case length != r.context:
		growth = fmt.Sprintf("%+.1f%%", 100*share)
	}
	return fmt.Sprintf("%.4f", l), growth
}

// summary names the schemes whose loss stays, and the others.
func (r result) summary() string {
	last := r.lengths[len(r.lengths)-1]
	var stay, grow, refuse []string
	for _, row := range r.rows {
		worst, all := 0.0, true
		for _, n := range r.lengths {
			growth, ok := r.growth(row, n)
			worst, all = max(worst, growth), all && ok
		}
		switch {
		case !all:
			refuse = append(refuse, row.title)
		case worst <= near:
			stay = append(stay, row.title)
		default:
			grow = append(grow, fmt.Sprintf("%s (%+.0f %%)", row.title, 100*worst))
		}
	}
	var text []string
	for _, part := range []struct {
		about string
		names []string
	}{
		{fmt.Sprintf("Up to %d characters, the loss stays within %.0f %% of the loss at %d", last, 100*near, r.context), stay},
		{"It grows", grow}, {"Not all lengths can be read", refuse},
	} {
		if len(part.names) > 0 {
			text = append(text, part.about+" with "+strings.Join(part.names, ", ")+".")
		}
	}
	return strings.Join(text, " ")
}
