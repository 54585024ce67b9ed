package flags

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// printHelp prints the purpose of the program or the command, its usage, an example and the flags.
func (p Program) printHelp(w io.Writer, c Command) error {
	groups := c.set(p).groups
	h := page{width: widthOf(w), column: 9}
	for _, g := range groups {
		for _, e := range entries(g.flags) {
			h.column = max(h.column, min(uniseg.StringWidth(e[0]), 22))
		}
	}
	if c.Name == "" {
		h.paragraph(0, p.About)
	} else {
		h.paragraph(0, strings.ToUpper(c.About[:1])+c.About[1:]+".")
	}
	h.heading("Usage")
	switch {
	case c.Name == "" && len(p.Commands) > 1:
		h.line(p.call("[command] [flags]"))
	case c.Flags == nil:
		h.line(p.call(c.Name))
	default:
		h.line(p.call(c.Name, "[flags]"))
	}
	if c.Name == "" && len(p.Commands) > 1 {
		h.commands(p)
	}
	if c.Example != "" {
		h.heading("Example")
		h.line(p.call(c.Name, c.Example))
	}
	for _, g := range groups {
		if len(g.flags) > 0 {
			h.heading(g.title)
			h.columns(entries(g.flags))
		}
	}
	_, err := io.WriteString(w, h.text.String())
	return err
}

// page is a help text.
type page struct {
	text          strings.Builder
	width, column int // of the screen; of the names in lists
}

// heading begins a section.
func (h *page) heading(title string) {
	if h.text.Len() > 0 {
		h.text.WriteByte('\n')
	}
	h.text.WriteString(title + ":\n")
}

// line writes a command line. It breaks lines before flags and ends them with a backslash, so that a shell accepts a copy.
func (h *page) line(command string) {
	words := strings.SplitAfter(strings.NewReplacer(" -", "\n -", " [", "\n [").Replace(command), "\n")
	for i := range words {
		words[i] = strings.TrimSpace(words[i])
	}
	lines := join(words, h.width-8)
	h.text.WriteString("  " + strings.Join(lines, " \\\n      ") + "\n")
}

// paragraph writes a text, indented and wrapped.
func (h *page) paragraph(indent int, text string) {
	for _, l := range wrap(text, h.width-indent) {
		h.text.WriteString(strings.Repeat(" ", indent) + l + "\n")
	}
}

// commands lists the commands of the program.
func (h *page) commands(p Program) {
	h.heading("Commands")
	var list [][2]string
	for _, c := range p.Commands {
		if c.Name != "" {
			list = append(list, [2]string{c.Name, c.About})
		}
	}
	list = append(list, [2]string{"help", "explain a command"}, [2]string{"version", "print the version"})
	for _, c := range p.Commands {
		if c.Name == "" {
			list = append(list, [2]string{"(none)", c.About})
		}
	}
	h.columns(list)
}

// columns writes names and their texts, side by side if the page is wide enough.
func (h *page) columns(entries [][2]string) {
	indent := h.column + 4
	for _, e := range entries {
		if h.width < 60 {
			h.text.WriteString("  " + e[0] + "\n")
			h.paragraph(6, e[1])
			continue
		}
		lines := wrap(e[1], h.width-indent)
		if w := uniseg.StringWidth(e[0]); w <= h.column {
			h.text.WriteString("  " + e[0] + strings.Repeat(" ", indent-2-w) + lines[0] + "\n")
			lines = lines[1:]
		} else {
			h.text.WriteString("  " + e[0] + "\n")
		}
		for _, l := range lines {
			h.text.WriteString(strings.Repeat(" ", indent) + l + "\n")
		}
	}
}

// entries returns the names and texts of flags, with their values and defaults.
func entries(list []*flag.Flag) (out [][2]string) {
	for _, f := range list {
		name := "-" + f.Name
		if s := sign(f); s != "" {
			name += " " + s
		}
		out = append(out, [2]string{name, strings.ReplaceAll(f.Usage, "`", "") + defaultOf(f)})
	}
	return out
}

// sign returns the name of the flag's value: the backquoted word of its text, or its kind.
func sign(f *flag.Flag) string {
	if _, after, ok := strings.Cut(f.Usage, "`"); ok {
		name, _, _ := strings.Cut(after, "`")
		return strings.ToUpper(name)
	}
	return kindOf(f).sign
}

// defaultOf returns the default in words, or "" if the flag has none or its text names it.
func defaultOf(f *flag.Flag) string {
	switch {
	case strings.Contains(f.Usage, "(default") || f.DefValue == "" || isSwitch(f) && f.DefValue == "false":
		return ""
	case isSwitch(f):
		return fmt.Sprintf(" (default %s; -%s=false turns it off)", f.DefValue, f.Name)
	case kindOf(f).want == "" && strings.ContainsAny(f.DefValue, " \t\n"):
		return fmt.Sprintf(" (default %q)", f.DefValue)
	}
	return fmt.Sprintf(" (default %s)", f.DefValue)
}

// wrap breaks a text at its spaces into lines of at most width columns.
func wrap(text string, width int) []string { return join(strings.Fields(text), width) }

// join puts words into lines of at most width columns. A longer word has a line of its own.
func join(words []string, width int) []string {
	lines, line := []string(nil), ""
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case uniseg.StringWidth(line)+1+uniseg.StringWidth(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// widthOf returns the text width for w: 80 columns, or the width of a terminal from 30 to 100.
func widthOf(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return max(min(n, 100), 30)
		}
	}
	return 80
}
