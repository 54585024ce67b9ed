// Package prompts reads texts for a model: from a conversation on a terminal, or from the lines of a pipe or a file.
package prompts

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/pkg/errors"
	"golang.org/x/term"
)

// Answer writes the model's answer to a text. If ctx is cancelled, it ends early without an error.
type Answer func(ctx context.Context, text string) error

// Prompts is a source of texts. The zero value reads standard input.
type Prompts struct {
	Name     string    // of the program, printed before the errors of a conversation
	In       io.Reader // nil means os.Stdin
	Screen   io.Writer // for the prompt sign and the errors of a conversation; nil means os.Stderr
	Terminal bool      // In is a terminal; found out if In is nil
}

// Each answers every text of the input.
//
// On a terminal it prints a prompt sign, prints errors and continues. Ctrl-C ends an answer. Between answers, Ctrl-C and Ctrl-D end the
// conversation. In other input each line is a text, and Each returns the first error with the number of its line.
func (p Prompts) Each(answer Answer) error {
	if p.In == nil {
		p.In, p.Terminal = os.Stdin, term.IsTerminal(int(os.Stdin.Fd()))
	}
	if p.Screen == nil {
		p.Screen = os.Stderr
	}
	if p.Terminal {
		return p.converse(answer)
	}
	r := bufio.NewReader(p.In)
	for n := 1; ; n++ {
		text, err := line(r)
		switch {
		case err == io.EOF && n == 1:
			return errors.New("standard input has no lines: give -prompt TEXT, or one text per line")
		case err == io.EOF:
			return nil
		case err != nil:
			return errors.Wrap(err, "standard input")
		}
		if err = Check(text); err == nil {
			err = answer(context.Background(), text)
		}
		if err != nil {
			return errors.WithMessagef(err, "standard input: line %d", n)
		}
	}
}

// Check returns an error if text is not UTF-8.
func Check(text string) error {
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			return errors.Errorf("byte %d is 0x%02x, which is not UTF-8: want text in UTF-8", i+1, text[i])
		}
	}
	return nil
}

// read is the result of reading a line.
type read struct {
	text string
	err  error
}

// converse asks for lines until the input ends or is interrupted.
func (p Prompts) converse(answer Answer) error {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	lines, next := make(chan read), make(chan struct{})
	defer close(next)
	go func() { // in a goroutine: a read of a terminal cannot be interrupted
		r := bufio.NewReader(p.In)
		for range next {
			text, err := line(r)
			lines <- read{text, err}
		}
	}()
	for {
		fmt.Fprint(p.Screen, "> ")
		next <- struct{}{}
		var in read
		select {
		case in = <-lines:
		case <-interrupts:
			in.err = io.EOF
			go func() { <-lines }() // receives the line if it still comes
		}
		if in.err != nil {
			fmt.Fprintln(p.Screen)
			if in.err == io.EOF {
				return nil
			}
			return errors.Wrap(in.err, "terminal")
		}
		if strings.TrimSpace(in.text) == "" {
			continue
		}
		if err := p.reply(answer, in.text, interrupts); err != nil {
			return err
		}
	}
}

// reply answers one text of a conversation. It returns an error only if the answer cannot be written.
func (p Prompts) reply(answer Answer, text string, interrupts <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		select {
		case <-interrupts:
			cancel()
		case <-done:
		}
	}()
	err := Check(text)
	if err == nil {
		err = answer(ctx, text)
	}
	close(done)
	cancel()
	if errors.Is(err, syscall.EPIPE) {
		return err
	}
	if err != nil {
		fmt.Fprintf(p.Screen, "%s: %v\n", p.Name, err)
	}
	return nil
}

// line returns the next line without its line end. The last line need not have one.
func line(r *bufio.Reader) (string, error) {
	text, err := r.ReadString('\n')
	if err == io.EOF && text != "" {
		err = nil
	}
	return strings.TrimRight(text, "\r\n"), err
}

// Whole returns a part of a streamed text for the screen. It removes an unfinished character at the end and replaces invalid bytes by
// U+FFFD.
func Whole(text string) string {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if end := text[len(text)-n:]; utf8.RuneStart(end[0]) {
			if !utf8.FullRuneInString(end) {
				text = text[:len(text)-n]
			}
			break
		}
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
