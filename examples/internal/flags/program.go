// Package flags is the command line of the examples: commands, flags in groups, help for a terminal of any width, and one-line errors
// that name the flag, its value and the remedy.
//
//	p := flags.Program{Name: "gpt", About: "…", Commands: []flags.Command{
//		{Name: "train", About: "train a model on text", Example: "-data book.txt", Flags: o.flags, Run: o.train},
//	}}
//	p.Main()
//
// A command declares its flags on a Set, which is a flag.FlagSet with groups:
//
//	func (o *options) flags(f *flags.Set) {
//		f.Group("Data")
//		f.StringVar(&o.data, "data", "", "text to learn from, a `PATH`")
//		f.Group("Model")
//		f.IntVar(&o.layers, "layers", 4, "number of blocks")
//	}
package flags

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// Program is a program with several commands, or with one command without a name.
type Program struct {
	Name     string
	About    string // purpose of the program, in sentences
	Commands []Command
}

// Command is a command of a program. The command without a name runs if the arguments name no command.
type Command struct {
	Name    string
	About   string // a phrase such as "train a model on text"
	Example string // arguments of a useful call, without the program and the command
	Flags   func(*Set)
	Run     func() error
}

// Main runs the program with the arguments of the process. An error is printed as one line on standard error, and the exit code is 1.
// If the reader of standard output has closed it, as head does, the program ends without a message.
func (p Program) Main() {
	signal.Ignore(syscall.SIGPIPE) // so that a write returns EPIPE
	err := p.Run(os.Args[1:], os.Stdout)
	if err == nil || errors.Is(err, syscall.EPIPE) {
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", p.Name, oneLine(err.Error()))
	os.Exit(1)
}

// Run runs the command that the arguments name. Help and the version go to w.
func (p Program) Run(args []string, w io.Writer) error {
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	switch {
	case name == "help":
		return p.help(args, w)
	case name == "version" || name == "" && len(args) == 1 && isFlag(args[0], "version"):
		_, err := fmt.Fprintln(w, p.version())
		return err
	}
	c, err := p.command(name)
	if err != nil {
		return err
	}
	f := c.set(p)
	help, err := f.parse(args)
	if err != nil {
		return err
	}
	if help {
		return p.printHelp(w, c)
	}
	if err := job.Configure(f.FlagSet, f.assign); err != nil {
		return err
	}
	if ran, err := job.RunSweep(f.FlagSet, c.Name, w); ran {
		return err
	}
	return c.Run()
}

// help prints the help of the program, or of the command in args.
func (p Program) help(args []string, w io.Writer) error {
	if len(args) > 1 {
		return errors.Errorf("help takes one command, got %q", args)
	}
	name := ""
	if len(args) == 1 && !isFlag(args[0], "h", "help") {
		name = args[0]
	}
	if name == "help" || name == "version" {
		name = ""
	}
	c, err := p.command(name)
	if err != nil {
		return err
	}
	return p.printHelp(w, c)
}

// command returns the command with a name. The error suggests the nearest name.
func (p Program) command(name string) (Command, error) {
	for _, c := range p.Commands {
		if c.Name == name {
			return c, nil
		}
	}
	var names []string
	for _, c := range p.Commands {
		if c.Name != "" {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return Command{}, errors.Errorf("unexpected argument %q: the program takes only flags; %s -h lists them", name, p.call())
	}
	names = append(names, "help", "version")
	last := len(names) - 1
	list := strings.Join(names[:last], ", ") + " and " + names[last]
	return Command{}, errors.Errorf("no command %q%s: the commands are %s", name, job.Suggest(name, names, ""), list)
}

// call returns the words that start the program: the source folder under "go run", else the name of the executable.
func (p Program) call(words ...string) string {
	program := p.Name
	if strings.Contains(os.Args[0], "go-build") { // the temporary folder of go run and go test
		program = "go run ./examples/" + p.Name
	}
	return strings.Join(slices.DeleteFunc(append([]string{program}, words...), func(s string) bool { return s == "" }), " ")
}

// Flags returns the flags of the command with a name.
func (p Program) Flags(name string) (*Set, error) {
	c, err := p.command(name)
	if err != nil {
		return nil, err
	}
	return c.set(p), nil
}

// set returns the declared flags of the command.
func (c Command) set(p Program) *Set {
	f := NewSet(p.call(c.Name))
	if c.Flags != nil {
		c.Flags(f)
	}
	f.sync()
	return f
}

// oneLine joins the lines of a message.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}
