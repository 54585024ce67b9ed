package checkpoints

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Rules map the names in a file to the paths of parameters. With zero Rules, the names and the paths must be the same.
//
// A model gives the rules for published files of its family. GPT-2:
//
//	checkpoints.Rules{Rename: gpt.Rename, Ignore: gpt.Ignore}
type Rules struct {
	Rename func(name string) string // returns the parameter's path for a tensor's name in the file; nil keeps the name
	Ignore func(name string) bool   // reports whether to skip a tensor in the file, by its new name
	Keep   func(path string) bool   // reports whether a parameter that the file lacks keeps its value
	There  func(path string) bool   // reports whether a parameter has the file's values already, such as one of Weights.Mapped; it is only compared
}

// apply returns the path of a parameter for a name in a file, and whether to skip the tensor.
func (r Rules) apply(name string) (path string, ignored bool) {
	if r.Rename != nil {
		name = r.Rename(name)
	}
	return name, r.Ignore != nil && r.Ignore(name)
}

// LoadWeights reads a model folder, or one safetensors file, into params, such as graph.Params.All(): the parameters that a
// graph has declared. All real types convert to the parameters' type.
//
// Loading is all or nothing: names and shapes are compared before the first value changes, and the error lists every missing
// parameter, every unexpected tensor and every tensor of another shape. If reading fails after the comparison, some parameters
// may be changed, wholly or in part; the error then names their number. Tensors are read on all processors at once.
func LoadWeights(path string, params Tensors, rules Rules) error {
	loads, done, err := planLoads(path, params, rules)
	if err == nil {
		defer done()
		err = runLoads(loads)
	}
	return errors.WithMessagef(err, "checkpoints: load %s", path)
}

// load is a tensor to read into a parameter that fits.
type load struct {
	from *File
	name string
	into *tensor.Dense
}

// planLoads compares all names and shapes and returns the tensors to read. done closes the files.
func planLoads(path string, params Tensors, rules Rules) (loads []load, done func(), err error) {
	w, err := openWeights(path)
	if err != nil {
		return nil, nil, err
	}
	var c comparison
	loads = c.compare(w, params, rules)
	if err := c.err(); err != nil {
		w.close()
		if IsAdapter(path) {
			err = errors.WithMessage(err, "the folder holds an adapter, not a whole model: merge it into its base first")
		}
		return nil, nil, err
	}
	return loads, w.close, nil
}

// comparison collects the differences between a file and the parameters.
type comparison struct {
	params                                  int
	missing, unexpected, misshaped, doubled []string
}

// compare pairs tensors with parameters, in the order of the files.
func (c *comparison) compare(w *weights, params Tensors, rules Rules) []load {
	wanted := map[string]*tensor.Dense{}
	for path, t := range params {
		wanted[path] = t
	}
	c.params = len(wanted)
	source := map[string]string{} // name in the file of each parameter found
	var loads []load
	for _, name := range w.names {
		path, ignored := rules.apply(name)
		t, ok := wanted[path]
		switch first, twice := source[path]; {
		case ignored:
		case !ok:
			c.unexpected = append(c.unexpected, name)
		case twice:
			c.doubled = append(c.doubled, fmt.Sprintf("%s and %s for %s", first, name, path))
		default:
			source[path] = name
			if rules.There == nil || !rules.There(path) {
				loads = append(loads, load{w.of[name], name, t})
			}
			if err := w.of[name].header.infos[name].fits(t); err != nil {
				c.misshaped = append(c.misshaped, fmt.Sprintf("%s (%v)", path, err))
			}
		}
	}
	for path := range params {
		if _, found := source[path]; !found && (rules.Keep == nil || !rules.Keep(path)) {
			c.missing = append(c.missing, path)
		}
	}
	return loads
}

// err returns an error that lists all differences, or nil if the file matches.
func (c *comparison) err() error {
	if c.params == 0 {
		return errors.New("no parameters to load into: build a graph first to declare them")
	}
	var parts []string
	for _, p := range []struct {
		problem string
		names   []string
	}{
		{"missing in the file", c.missing},
		{"unexpected in the file", c.unexpected},
		{"of another shape or type", c.misshaped},
		{"given twice", c.doubled},
	} {
		if len(p.names) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s: %s", len(p.names), p.problem, listed(p.names)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	text := fmt.Sprintf("the file does not match the %d parameters: %s", c.params, strings.Join(parts, "; "))
	if prefix := commonPrefix(c.unexpected, c.missing); prefix != "" {
		text += fmt.Sprintf(": the names in the file begin with %q and are the same otherwise: remove it with Rules.Rename", prefix)
	} else if prefix := commonPrefix(c.missing, c.unexpected); prefix != "" {
		text += fmt.Sprintf(": the names in the file lack %q and are the same otherwise: add it with Rules.Rename", prefix)
	}
	return errors.New(text)
}

// commonPrefix returns the prefix that turns every name of short into a name of long, or "" if none does.
func commonPrefix(long, short []string) string {
	if len(short) == 0 {
		return ""
	}
	have := map[string]bool{}
	for _, name := range long {
		have[name] = true
	}
	for _, name := range long {
		prefix, ok := strings.CutSuffix(name, short[0])
		if ok && prefix != "" && !slices.ContainsFunc(short, func(s string) bool { return !have[prefix+s] }) {
			return prefix
		}
	}
	return ""
}

// listed joins names. If there are many, it joins the first names and counts the others. A name that holds other characters than printable
// ones is quoted: it may come from a file.
func listed(names []string) string {
	const most = 12
	var all []string
	for _, name := range names[:min(len(names), most)] {
		if q := strconv.Quote(name); q != `"`+name+`"` {
			name = q
		}
		all = append(all, name)
	}
	text := strings.Join(all, ", ")
	if len(names) > most {
		text += fmt.Sprintf(", … and %d more", len(names)-most)
	}
	return text
}

// Read reads all tensors of a safetensors file, or of a model folder, into memory.
func Read(path string) (_ map[string]*tensor.Dense, err error) {
	defer func() { err = errors.WithMessage(err, "checkpoints") }()
	w, err := openWeights(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.read(nil)
}

// ReadWeights reads the tensors of a model folder, or of one safetensors file, for whose names wanted returns true.
func ReadWeights(path string, wanted func(name string) bool) (all map[string]*tensor.Dense, err error) {
	defer func() { err = errors.WithMessagef(err, "checkpoints: %s", path) }()
	w, err := openWeights(path)
	if err != nil {
		return nil, err
	}
	defer w.close()
	return w.read(wanted)
}
