// Package flags reads the flags of the examples: a wrong one is one line that names it.
package flags

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/pkg/errors"
)

// Parse reads the flags of a command, whose name has the program's before it. With -h it prints what is about them, if anything, and
// the flags, and returns flag.ErrHelp; a wrong one is an error, for main to print once.
func Parse(name, about string, args []string, declare func(*flag.FlagSet)) error {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	declare(f)
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(os.Stdout)
		if about != "" {
			fmt.Println(about)
		}
		f.Usage()
		return err
	}
	if err != nil {
		return errors.WithMessagef(err, "%s -h lists the flags", name)
	}
	if f.NArg() > 0 {
		return errors.Errorf("%s: unexpected argument %q: everything is given by flags, see -h", name, f.Arg(0))
	}
	return nil
}

// First is the first of errors that is one.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// AtLeast is an error, which names the flag, where its value is below the least that makes sense.
func AtLeast(flag string, value, least int) error {
	if value < least {
		return errors.Errorf("-%s is %d, want at least %d", flag, value, least)
	}
	return nil
}

// Below is an error, which names the flag, unless its value is at least 0 and below the limit.
func Below(flag string, value, limit float64) error {
	if !(value >= 0 && value < limit) {
		return errors.Errorf("-%s is %g, want at least 0 and less than %g", flag, value, limit)
	}
	return nil
}
