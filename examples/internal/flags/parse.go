package flags

import (
	"flag"
	"math"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// parse sets the flags from the arguments: -name value, -name=value, or -name for a switch, with one dash or two. It reports whether
// the arguments ask for help.
func (s *Set) parse(args []string) (help bool, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if len(arg) < 2 || arg[0] != '-' || arg == "--" {
			return false, s.unexpected(arg)
		}
		name, value, valued := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		f := s.Lookup(name)
		switch {
		case f == nil && (name == "h" || name == "help"):
			return true, nil
		case f == nil:
			return false, errors.Errorf("no flag -%s%s: %s -h lists the flags", name, job.Suggest(name, s.names(), "-"), s.Name())
		case valued:
		case isSwitch(f):
			value = "true"
		case len(args) == 0:
			return false, errors.Errorf("-%s needs a value, such as -%s %s: %s -h lists the flags", name, name, example(f), s.Name())
		default:
			value, args = args[0], args[1:]
		}
		if err := s.assign(f, value); err != nil {
			return false, err
		}
	}
	return false, nil
}

// unexpected returns the error of an argument that is not a flag.
func (s *Set) unexpected(arg string) error {
	name, _, _ := strings.Cut(arg, "=")
	hint := job.Suggest(name, s.names(), "-")
	return errors.Errorf("unexpected argument %q%s: only flags can follow the command; %s -h lists them", arg, hint, s.Name())
}

// assign sets a flag. The error names the flag, the value and the kind of value it takes.
func (s *Set) assign(f *flag.Flag, value string) error {
	if value == "" && strings.Contains(f.Usage, "`") {
		return errors.Errorf("-%s is \"\", want a %s: leave the flag out for its default", f.Name, strings.ToLower(sign(f)))
	}
	err := s.Set(f.Name, value)
	number, isNumber := 0.0, false
	if g, ok := f.Value.(flag.Getter); ok && err == nil {
		number, isNumber = g.Get().(float64)
	}
	if isNumber && (math.IsNaN(number) || math.IsInf(number, 0)) {
		return errors.Errorf("-%s is %s, want a finite number", f.Name, value)
	}
	kind := kindOf(f)
	switch {
	case err == nil:
		return nil
	case kind.want == "":
		return errors.WithMessagef(err, "-%s is %q", f.Name, value)
	case outOfRange(value):
		return errors.Errorf("-%s is %s, want %s of at most %s", f.Name, value, kind.want, kind.most)
	}
	return errors.Errorf("-%s is %q, want %s", f.Name, value, kind.want)
}

// kind describes a kind of value: its sign in the help, its description, its largest value and an example.
type kind struct{ sign, want, most, example string }

func kindOf(f *flag.Flag) kind {
	g, ok := f.Value.(flag.Getter)
	if !ok {
		return kind{sign: "TEXT"}
	}
	switch g.Get().(type) {
	case bool:
		return kind{want: "true or false", example: "true"}
	case int, int64:
		return kind{"N", "a whole number", strconv.Itoa(math.MaxInt), "1"}
	case uint, uint64:
		return kind{"N", "a whole number of at least 0", strconv.FormatUint(math.MaxUint, 10), "1"}
	case float64:
		return kind{"X", "a number", "1.8e308", "0.5"}
	}
	return kind{sign: "TEXT"}
}

// outOfRange reports whether value is a number that overflows int64 or float64.
func outOfRange(value string) bool {
	_, err := strconv.ParseFloat(value, 64)
	_, whole := strconv.ParseInt(value, 0, 64)
	return errors.Is(err, strconv.ErrRange) || errors.Is(whole, strconv.ErrRange)
}

func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// isFlag reports whether arg is a flag of one of the names, with one dash or two.
func isFlag(arg string, names ...string) bool {
	for _, n := range names {
		if arg == "-"+n || arg == "--"+n {
			return true
		}
	}
	return false
}

// example returns a value for the flag: its default, or one of its kind.
func example(f *flag.Flag) string {
	if f.DefValue != "" && strings.TrimSpace(f.DefValue) == f.DefValue {
		return f.DefValue
	}
	if k := kindOf(f); k.example != "" {
		return k.example
	}
	return sign(f)
}
