package job

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// recall sets every flag that is not on the command line to its value in the run. A flag on the command line with another value is an
// error, unless it is free, names data or is listed in -change.
func (r *Run) recall(was *record) error {
	f := r.program.Flags
	if was.Program != r.program.Name {
		return errors.Errorf("program %q began the run, this is %q", was.Program, r.program.Name)
	}
	if f == nil {
		return nil
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if err := r.redivide(was, given); err != nil {
		return err
	}
	var refused, fixed []string
	for _, name := range slices.Sorted(maps.Keys(was.Flags)) {
		now := f.Lookup(name)
		if now == nil {
			return errors.Errorf("%s has a flag -%s, which this program lacks: use the program that began the run", recordName, name)
		}
		then := was.Flags[name]
		if !given[name] {
			if err := r.program.restore(name, then, "name its new place with -"+name); err != nil {
				return err
			}
			continue
		}
		if r.program.absolute(name, now.Value.String()) == r.program.absolute(name, then) {
			continue
		}
		both := fmt.Sprintf("-%s is %s in the run and %s here", name, quoted(then), quoted(now.Value.String()))
		switch {
		case slices.Contains(r.program.Data, name):
			r.otherData = append(r.otherData, both)
		case slices.Contains(r.program.Fixed, name):
			fixed = append(fixed, both)
		case !slices.Contains(free, name) && !slices.Contains(r.changes(), name):
			refused = append(refused, both)
		default:
			r.changed = append(r.changed, both)
		}
	}
	return refuse(fixed, refused)
}

func refuse(fixed, refused []string) error {
	if len(fixed) > 0 {
		return errors.Errorf("%s: a run cannot change that: leave it out, or choose another -out", strings.Join(fixed, ", "))
	}
	if len(refused) == 0 {
		return nil
	}
	names := make([]string, len(refused))
	for i, both := range refused {
		name, _, _ := strings.Cut(both, " ")
		names[i] = name[1:]
	}
	return errors.Errorf("%s: leave it out, or allow it with -change %s", strings.Join(refused, ", "), strings.Join(names, ","))
}

// quoted returns the value, in quotes if it is empty or contains white space.
func quoted(value string) string {
	if value == "" || strings.ContainsAny(value, " \t\n") {
		return fmt.Sprintf("%q", value)
	}
	return value
}
