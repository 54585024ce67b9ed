package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// printCuts prints the tokens of a sentence by each tokenizer.
func printCuts(w io.Writer, sentence string, rows []row) error {
	style := styleFor(w)
	fmt.Fprintf(w, "\n%s\n%s\n\n", sentence, style.legend)
	longest := 0
	for _, r := range rows {
		longest = max(longest, utf8.RuneCountInString(r.name()))
	}
	for _, r := range rows {
		cells, tokens, err := cut(r.tok, sentence)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-*s %4d  %s\n", longest, r.name(), tokens, style.line(sentence, cells))
	}
	return nil
}

// cell is a span of a sentence and its number of tokens, more than one if tokens split a character.
type cell struct {
	tokenize.Span
	tokens  int
	unknown bool
}

// cut returns the cells of a sentence in order. Text that the tokenizer drops is between the cells.
func cut(tok *tokenize.Tokenizer, sentence string) (cells []cell, tokens int, err error) {
	e, err := tok.EncodeDetailed(sentence)
	if err != nil {
		return nil, 0, err
	}
	missing, hasMissing := tok.Unk()
	for i, span := range e.Offsets {
		if n := len(cells); n > 0 && span.Start < cells[n-1].End {
			cells[n-1].tokens++
			cells[n-1].unknown = cells[n-1].unknown || hasMissing && e.IDs[i] == missing
			cells[n-1].End = max(cells[n-1].End, span.End)
			continue
		}
		cells = append(cells, cell{span, 1, hasMissing && e.IDs[i] == missing})
	}
	return cells, len(e.IDs), nil
}

// style holds the marks and colours of cells.
type style struct {
	legend                string
	even, odd, bad, reset string // before and after a cell
	between               string // between adjacent cells
}

// styleFor returns colours for a terminal unless NO_COLOR is set (https://no-color.org).
func styleFor(w io.Writer) style {
	f, ok := w.(*os.File)
	if ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		return style{
			legend: "each tokenizer's tokens and their number; red is unknown, ³ means three tokens for these characters",
			even:   "\x1b[30;48;5;153m", odd: "\x1b[30;48;5;222m", bad: "\x1b[97;41m", reset: "\x1b[0m",
		}
	}
	return style{legend: "each tokenizer's tokens and their number; ⟨⟩ is unknown, ³ means three tokens for these characters", between: "|"}
}

// line returns the cells and the text between them.
func (s style) line(sentence string, cells []cell) string {
	var b strings.Builder
	at, shades := 0, []string{s.even, s.odd}
	for i, c := range cells {
		if c.Start > at {
			b.WriteString(sentence[at:c.Start])
		} else if i > 0 {
			b.WriteString(s.between)
		}
		part := sentence[c.Start:c.End]
		if c.tokens > 1 {
			part += superscript(c.tokens)
		}
		switch {
		case !c.unknown:
			b.WriteString(shades[i%2] + part + s.reset)
		case s.bad == "":
			b.WriteString("⟨" + part + "⟩")
		default:
			b.WriteString(s.bad + part + s.reset)
		}
		at = max(at, c.End)
	}
	return b.String() + sentence[at:]
}

// superscript returns n in superscript digits.
func superscript(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	var b strings.Builder
	for _, d := range fmt.Sprint(n) {
		b.WriteRune(digits[d-'0'])
	}
	return b.String()
}
