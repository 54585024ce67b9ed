// Package adapter trains and opens LoRA adapters for the examples.
package adapter

import (
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// Flag is -lora: a layers.LoRA, or none.
type Flag struct {
	layers.LoRA
	text string // "" means none
}

// Help is the text of a flag of type Flag.
const Help = "train a LoRA adapter of -init and no other weight: comma-separated `settings` such as r=8,alpha=16,targets=attn,dropout=0.05,rs. " +
	"r is the rank (8), alpha the scale times r (2r), targets the layers: all (the default), attn, or names and patterns joined by + " +
	"such as c_attn+h.*.mlp.c_fc; rs divides alpha by the root of r. The default of -lr is then 10 times as high"

// Given reports whether the flag asks for an adapter.
func (f *Flag) Given() bool { return f.text != "" }

// rate is the default of -lr with the flag, in multiples of the default for all weights: an adapter learns fastest at a higher rate.
const rate = 10

// Raise raises a rate that is not on the command line.
func (f *Flag) Raise(lr *float64, given bool) {
	if f.Given() && !given {
		*lr *= rate
	}
}

// Check returns an error if the flag is given without a base model: the value of -init.
func (f *Flag) Check(init string) error {
	if f.Given() && init == "" {
		return errors.Errorf("-lora is %s, but there is no model to adapt: name its folder with -init", f.text)
	}
	return nil
}

// String implements flag.Value.
func (f *Flag) String() string { return f.text }

// Set implements flag.Value. After an error the flag is unchanged.
func (f *Flag) Set(text string) error {
	l := layers.LoRA{Rank: 8, Targets: []string{"all"}}
	alpha, seen := false, map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		if seen[key] {
			return errors.Errorf("%s is given twice: leave one out", key)
		}
		seen[key] = true
		switch key {
		case "r":
			l.Rank, err = strconv.Atoi(value)
		case "alpha":
			alpha = true
			l.Alpha, err = strconv.ParseFloat(value, 64)
		case "dropout":
			l.Dropout, err = strconv.ParseFloat(value, 64)
		case "targets":
			l.Targets = strings.Split(value, "+")
		case "rs":
			if l.RS = true; value != "" {
				err = errors.New("rs takes no value")
			}
		default:
			return errors.Errorf("%q is no setting, want r=, alpha=, targets=, dropout= or rs", part)
		}
		if err != nil {
			return errors.Errorf("%s is %q, want %s", key, value, map[string]string{
				"r": "a whole number", "alpha": "a number", "dropout": "a number", "rs": "no value",
			}[key])
		}
	}
	if !alpha {
		l.Alpha = float64(2 * l.Rank)
	}
	if err := l.Check(); err != nil {
		return err
	}
	*f = Flag{l, text}
	return nil
}

// Describe returns the words about the adapter in the first line of a run, "" for none.
func (f *Flag) Describe(params *graph.Params) string {
	if !f.Given() {
		return ""
	}
	n := 0
	for _, w := range f.only(params, true, func(path string) string { return path }) {
		n += w.DataSize()
	}
	return message.NewPrinter(language.English).Sprintf(", %d of them in a LoRA of rank %d,", n, f.Rank)
}
