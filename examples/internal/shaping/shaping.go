// Package shaping declares the flags that shape the batches of an example.
package shaping

import (
	"fmt"
	"strings"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Options hold the flags. Their values before Flags are the defaults.
type Options struct {
	Rows   int // rows of a batch
	Tokens int // largest number of positions of a batch; 0 means Rows rows
	Shapes int // largest number of shapes
}

// Flags declares the flags. A row of a batch holds one of the items.
func (o *Options) Flags(f *flags.Set, items string) {
	f.IntVar(&o.Rows, "batch", o.Rows, items+" in a batch")
	f.IntVar(&o.Tokens, "tokens-per-batch", o.Tokens, "tokens in a batch at most, padding included, instead of -batch: the longer the "+items+", the fewer in a batch; 0 means -batch")
	f.IntVar(&o.Shapes, "shapes", o.Shapes, "shapes of batches at most, chosen from the lengths of the "+items+"; 1 pads all to the longest")
}

// Check returns an error for the first invalid flag.
func (o Options) Check() error {
	return flags.First(flags.AtLeast("batch", o.Rows, 1), flags.AtLeast("tokens-per-batch", o.Tokens, 0), flags.AtLeast("shapes", o.Shapes, 1))
}

// Shaping returns the limits of the shapes.
func (o Options) Shaping() data.Shaping {
	if o.Tokens > 0 {
		return data.Shaping{Tokens: o.Tokens, Most: o.Shapes}
	}
	return data.Shaping{Rows: o.Rows, Most: o.Shapes}
}

// Describe returns a line about shapes for a dry run: their number, the fraction of the positions that hold tokens, and the list.
func Describe[S any](sizes []S, filled float64, name func(S) string) string {
	names := make([]string, len(sizes))
	for i, size := range sizes {
		names[i] = name(size)
	}
	return fmt.Sprintf("%d, %.1f %% of the positions hold tokens: %s", len(sizes), 100*filled, strings.Join(names, ", "))
}
