package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// lengths is a flag of comma-separated lengths of windows.
type lengths []int

// String implements flag.Value.
func (l *lengths) String() string {
	var list []string
	for _, n := range *l {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, ",")
}

// longest bounds a length, so that a mistake is an error and no wait.
const longest = 1 << 16

// Set implements flag.Value. It sorts the lengths and removes duplicates.
func (l *lengths) Set(list string) error {
	*l = nil
	for field := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < 1 || n > longest {
			return errors.Errorf("%q is not a length, want a number from 1 to %d", field, longest)
		}
		*l = append(*l, n)
	}
	slices.Sort(*l)
	*l = slices.Compact(*l)
	return nil
}

// check returns an error unless every length and the context divide the longest length.
func (l *lengths) check(context int) error {
	all := l.read(context)
	last := all[len(all)-1]
	for _, n := range all {
		switch {
		case last%n == 0:
		case n == context:
			return errors.Errorf("-lengths are %v: -context, which is %d, does not divide the longest", l, n)
		default:
			return errors.Errorf("-lengths are %v: %d does not divide the longest, which is %d", l, n, last)
		}
	}
	return nil
}

// read returns the lengths to read, in order, with the context.
func (l *lengths) read(context int) []int {
	if len(*l) == 0 {
		return []int{context, 2 * context, 4 * context, 8 * context}
	}
	all := append([]int{context}, *l...)
	slices.Sort(all)
	return slices.Compact(all)
}
