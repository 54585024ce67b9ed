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

// statusLine is a line of a terminal that redraws in place. The cursor stays at its beginning, so that clearing from the cursor to the
// end of the screen removes all of it, even if the terminal has become narrower and has wrapped it.
type statusLine struct{ drawn bool }

const clearBelow = "\x1b[J"

func (l *statusLine) draw(w io.Writer, text string) {
	fmt.Fprint(w, "\r"+clearBelow+text+"\r")
	l.drawn = true
}

// clear removes the line, for other text to take its place.
func (l *statusLine) clear(w io.Writer) {
	if l.drawn {
		fmt.Fprint(w, "\r"+clearBelow)
	}
	l.drawn = false
}

// end leaves the line on the screen and goes below it.
func (l *statusLine) end(w io.Writer) {
	if l.drawn {
		fmt.Fprint(w, "\n")
	}
	l.drawn = false
}

// screenWidth returns the columns of a terminal; ok is false if w is none, or one without control
// sequences.
func screenWidth(w io.Writer) (columns int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return 0, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return 80, true // a terminal that does not know
}

// field is a part of a line. Those of a low rank stay longest on a narrow terminal.
type field struct {
	rank int
	text string
}

// fit joins the fields that a line of this width has room for, and a bar if there is room for one and done is not negative. A width
// of 0 has room for all fields and no bar. The last column stays free: some terminals wrap when it is filled.
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
