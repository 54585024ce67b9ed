package job

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// Config is a flag that names a TOML file with values of flags: steps = 500, data = "a.txt". Lists of a flag may be arrays. Paths are
// relative to the current folder, as on the command line, not to the file; run.toml of a run has absolute paths. See Configure.
type Config string

// String implements flag.Value.
func (c *Config) String() string { return string(*c) }

// Set implements flag.Value.
func (c *Config) Set(text string) error {
	*c = Config(text)
	return nil
}

// Configure sets the flags that the file of -config names and the command line does not. Open calls it; a program that uses its flags
// before Open calls it after it has parsed them. set sets a flag; nil means f.Set. It is an error if the file names no flag of the
// program.
func Configure(f *flag.FlagSet, set func(*flag.Flag, string) error) error {
	c := f.Lookup("config")
	if c == nil || c.Value.String() == "" {
		return nil
	}
	path := c.Value.String()
	if set == nil {
		set = func(x *flag.Flag, value string) error {
			return errors.Wrapf(f.Set(x.Name, value), "-%s is %q", x.Name, value)
		}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.Errorf("-config is %s, which is no regular file: want a file, which can be read twice", quoted(path))
	}
	values := map[string]any{}
	if _, err := toml.DecodeFile(path, &values); err != nil {
		return errors.Errorf("-config is %s: %v", quoted(path), err)
	}
	if len(values) == 0 {
		return errors.Errorf("-config is %s, which sets no flag: want lines such as steps = 500", quoted(path))
	}
	given := map[string]bool{}
	f.Visit(func(x *flag.Flag) { given[x.Name] = true })
	for _, name := range slices.Sorted(maps.Keys(values)) {
		x := f.Lookup(name)
		if name == "config" {
			return errors.Errorf("-config: %s sets \"config\", but a file cannot name another: leave it out", path)
		}
		if x == nil {
			return errors.Errorf("-config: %s sets %q, which is no flag%s", path, name, Suggest(name, namesOf(f), ""))
		}
		text, err := textOf(name, values[name])
		if err == nil && !given[name] {
			err = set(x, text)
		}
		if err != nil {
			return errors.WithMessagef(err, "-config: %s", path)
		}
	}
	return nil
}

func namesOf(f *flag.FlagSet) (names []string) {
	f.VisitAll(func(x *flag.Flag) { names = append(names, x.Name) })
	return names
}

// textOf returns a value of TOML as the text of a flag.
func textOf(name string, value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool, int64:
		return fmt.Sprint(v), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case []any:
		var all []string
		for _, x := range v {
			text, err := textOf(name, x)
			if err != nil {
				return "", err
			}
			all = append(all, text)
		}
		if name == "group" || name == "sweep" { // their parts have commas
			return strings.Join(all, " "), nil
		}
		return strings.Join(all, ","), nil
	}
	return "", errors.Errorf("%s is a %T, want a string, a number, true, false or an array of them", name, value)
}

// configName is the file of a run with its flags, for -config.
const configName = "run.toml"

// writeRecords writes run.json, and the same flags to run.toml.
func (r *Run) writeRecords(now record) error {
	if err := now.write(r.Out); err != nil || r.program.Flags == nil {
		return err
	}
	values := map[string]any{}
	for name, text := range now.Flags {
		if text != "" {
			values[name] = typed(r.program.Flags.Lookup(name), text)
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The flags of the run. To begin another run with them, give %s this file as -config.\n", r.program.Name)
	if err := toml.NewEncoder(&b).Encode(values); err != nil {
		return errors.Wrap(err, configName)
	}
	return checkpoints.WriteFile(filepath.Join(r.Out, configName), func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return errors.WithStack(err)
	})
}

// typed returns the value of a flag as a number or a bool if the flag is one.
func typed(f *flag.Flag, text string) any {
	g, ok := f.Value.(flag.Getter)
	if !ok {
		return text
	}
	switch v := g.Get().(type) {
	case bool, int, float64:
		return v
	}
	return text
}
