package train

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// String returns two tables: the scores of each class with their means, and the confusion matrix, with a line for each target and
// a column for each predicted class.
func (c Classification) String() string {
	return formatTable(c.scoreTable()) + "\n" + formatTable(c.confusionTable())
}

func (c Classification) scoreTable() [][]string {
	table := [][]string{{"", "precision", "recall", "f1", "rows"}}
	line := func(name string, s Scores) {
		table = append(table, []string{name, digits(s.Precision), digits(s.Recall), digits(s.F1), fmt.Sprint(s.Support)})
	}
	for i, s := range c.Classes {
		line(c.Labels[i], s)
	}
	line("macro mean", c.Macro)
	line("weighted mean", c.Weighted)
	return append(table, []string{"accuracy", "", "", digits(c.Accuracy), fmt.Sprint(c.Macro.Support)})
}

func (c Classification) confusionTable() [][]string {
	table := [][]string{append([]string{"is \\ predicted"}, c.Labels...)}
	for i, row := range c.Confusion {
		line := []string{c.Labels[i]}
		for _, n := range row {
			line = append(line, fmt.Sprint(n))
		}
		table = append(table, line)
	}
	return table
}

func digits(share float64) string { return fmt.Sprintf("%.4f", share) }

// formatTable aligns the first column to the left and the other columns to the right.
func formatTable(table [][]string) string {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range table {
		for i, cell := range line {
			fill := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString(cell + fill)
			} else {
				b.WriteString("  " + fill + cell)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
