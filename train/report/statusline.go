package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// statusLine is a line on a terminal that is redrawn in place. The cursor stays at its beginning. Clearing from the cursor to the end
// of the screen removes the whole line, even if the terminal has become narrower and has wrapped it.
type statusLine struct{ drawn bool }

const clearBelow = "\x1b[J"

func (l *statusLine) draw(w io.Writer, text string) {
	fmt.Fprint(w, "\r"+clearBelow+text+"\r")
	l.drawn = true
}

// clear removes the line to make room for other text.
func (l *statusLine) clear(w io.Writer) {
	if l.drawn {
		fmt.Fprint(w, "\r"+clearBelow)
	}
	l.drawn = false
}

// end keeps the line on the screen and moves the cursor below it.
func (l *statusLine) end(w io.Writer) {
	if l.drawn {
		fmt.Fprint(w, "\n")
	}
	l.drawn = false
}

// screenWidth returns the number of columns of a terminal. If w is no terminal, or a terminal without control sequences, ok is false.
func screenWidth(w io.Writer) (columns int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return 80, true // the terminal does not report its width
}

// field is a part of a line. On a narrow terminal, fields of a high rank are dropped first.
type field struct {
	rank int
	text string
}

// fit joins the fields that fit into the width. It adds a bar if the bar fits and done is not negative. With a width of 0 all fields
// fit and the bar does not. The last column stays free, because some terminals wrap when it is filled.
func fit(width int, done float64, fields ...field) string {
	if width == 0 {
		return join(fields)
	}
	room := width - 1
	for len(fields) > 1 && len(join(fields)) > room {
		worst := slices.MaxFunc(fields, func(a, b field) int { return cmp.Compare(a.rank, b.rank) })
		fields = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return f == worst })
	}
	line := join(fields)
	if len(line) > room {
		return line[:max(room, 0)]
	}
	if bar := min(room-len(line)-4, 20); bar >= 8 && done >= 0 {
		full := int(min(done, 1) * float64(bar))
		line = "[" + strings.Repeat("=", full) + strings.Repeat(" ", bar-full) + "]  " + line
	}
	return line
}

func join(fields []field) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.text
	}
	return strings.Join(texts, "  ")
}
