package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// parse reads a command's flags. With -h it prints them and returns flag.ErrHelp; a wrong one is an error, which main prints once.
func parse(command string, args []string, declare func(*flag.FlagSet)) error {
	name := strings.TrimSpace("seq2seq " + command)
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	declare(f)
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		f.SetOutput(os.Stdout)
		if command == "" {
			fmt.Println("The commands are train, generate and eval. Without one it trains and shows what was learnt.")
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

// amount is a number that a flag gives, and the least that makes sense.
type amount struct {
	flag         string
	value, least int
}

// share is a number that a flag gives and that may not reach the limit.
type share struct {
	flag         string
	value, limit float64
}

// checkFlags reports the first flag whose value makes no sense.
func checkFlags(amounts []amount, shares []share) error {
	for _, a := range amounts {
		if a.value < a.least {
			return errors.Errorf("-%s is %d, want at least %d", a.flag, a.value, a.least)
		}
	}
	for _, s := range shares {
		if !(s.value >= 0 && s.value < s.limit) {
			return errors.Errorf("-%s is %g, want at least 0 and less than %g", s.flag, s.value, s.limit)
		}
	}
	return nil
}
