package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// number returns n with commas between thousands.
func number(n int) string { return message.NewPrinter(language.English).Sprint(n) }

func printTable(w io.Writer, t *task, results []*result) {
	const line = "%-12s %6s %6s %11s %9s %9s %14s %11s\n"
	exact := ""
	if t.exact {
		exact = "exact"
	}
	fmt.Fprintf(w, line, "", "layers", "width", "parameters", "loss", exact, t.unit+"/s", "trained in")
	fmt.Fprintln(w, strings.Repeat("─", 85))
	for _, r := range results {
		if t.exact {
			exact = fmt.Sprintf("%.1f%%", 100*r.exact)
		}
		fmt.Fprintf(w, line, r.title, number(r.layers), number(r.width), number(r.parameters), fmt.Sprintf("%.4f", r.loss), exact,
			number(int(r.speed)), report.Duration(time.Duration(r.seconds*float64(time.Second)).Round(time.Second)))
	}
	if t.exact {
		fmt.Fprintln(w, "\nThe loss is that of a character of the held-out targets. Exact is the share of held-out pairs whose target is the greedy answer.")
	}
}

// printSpans prints the losses by position, if there are any.
func printSpans(w io.Writer, results []*result) {
	longest := mostSpans(results)
	if len(longest) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-12s", "loss at")
	for _, s := range longest {
		fmt.Fprintf(w, " %9v", s)
	}
	fmt.Fprintf(w, "\n%s\n", strings.Repeat("─", 12+10*len(longest)))
	for _, r := range results {
		fmt.Fprintf(w, "%-12s", r.title)
		for i := range longest {
			text := "—"
			if i < len(r.spans) {
				text = fmt.Sprintf("%.4f", r.spans[i].loss)
			}
			fmt.Fprintf(w, " %9s", text)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "\nThe position of a character is the number of characters before it in the window. The last is beyond the window of training.")
}

// mostSpans returns the longest list of spans.
func mostSpans(results []*result) (most []span) {
	for _, r := range results {
		if len(r.spans) > len(most) {
			most = r.spans
		}
	}
	return most
}

// findings returns a summary in sentences.
func findings(t *task, results []*result) string {
	gru, lstm, last := results[0], results[1], results[2]
	best := slices.MinFunc(results, func(a, b *result) int { return cmp.Compare(a.loss, b.loss) })
	return fmt.Sprintf("The %s has the least loss. In a second of training the Transformer reads %.2f times as many %s as the GRU and %.2f times as many as the LSTM.",
		best.title, last.speed/gru.speed, t.unit, last.speed/lstm.speed)
}

// file returns the path of a file of the report.
func (o *options) file(suffix string) string { return filepath.Join(o.Out, o.name+suffix) }

// saveTables writes the figures of the models, their evaluations and their losses by position.
func (o *options) saveTables(t *task, results []*result) error {
	models := [][]string{{"model", "layers", "width", "parameters", "loss", "exact", t.unit + "_per_second", "seconds"}}
	curves := [][]string{{"model", "step", t.unit, "seconds", "loss"}}
	spans := [][]string{{"model", "from", "to", "loss", "targets"}}
	for _, r := range results {
		exact := ""
		if t.exact {
			exact = float(r.exact)
		}
		models = append(models, []string{r.name, strconv.Itoa(r.layers), strconv.Itoa(r.width), strconv.Itoa(r.parameters), float(r.loss), exact, float(r.speed), float(r.seconds)})
		for _, p := range r.points {
			curves = append(curves, []string{r.name, strconv.Itoa(p.step), strconv.Itoa(p.units), float(p.seconds), float(p.loss)})
		}
		for _, s := range r.spans {
			spans = append(spans, []string{r.name, strconv.Itoa(s.from), strconv.Itoa(s.to), float(s.loss), strconv.Itoa(s.targets)})
		}
	}
	for suffix, lines := range map[string][][]string{".csv": models, "-curves.csv": curves, "-positions.csv": spans} {
		if len(lines) == 1 {
			continue
		}
		err := checkpoints.WriteFile(o.file(suffix), func(w io.Writer) error { return errors.WithStack(csv.NewWriter(w).WriteAll(lines)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func float(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
