package main

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// adopt reads the model of the folder from, which is -init or a checkpoint of the run, and sets the flags of the model to its values.
func (o *options) adopt(from string, resumed bool) (err error) {
	if !resumed {
		if err := flags.Model("init", from); err != nil {
			return err
		}
	}
	if o.start, err = openModel(from); err != nil {
		return err
	}
	m := &o.start
	if o.given["dropout"] || !resumed && o.dropout > 0 {
		m.dropout = o.dropout
	}
	if o.given["label-smoothing"] || !resumed && o.smoothing > 0 {
		m.smoothing = o.smoothing
	}
	*m = m.with(m.source, m.target, m.dropout, m.smoothing)
	o.dropout, o.smoothing = m.dropout, m.smoothing
	if resumed {
		return nil
	}
	for _, name := range []string{"tokenizer", "lower"} {
		if o.given[name] {
			return errors.Errorf("-%s: the model of -init %s has its own tokenizer: leave the flag out", name, from)
		}
	}
	return o.sizes()
}

// sizes sets the flags of the model to the values of the model of -init.
func (o *options) sizes() error {
	m := o.start
	if o.given["family"] && o.family != m.family {
		return errors.Errorf("-family is %s, the model of -init %s is of family %s: leave the flag out", o.family, o.init, m.family)
	}
	if o.given["norm-first"] && o.normFirst != m.normFirst {
		return errors.Errorf("-norm-first is %t, the model of -init %s has %t: leave the flag out", o.normFirst, o.init, m.normFirst)
	}
	o.family, o.normFirst = m.family, m.normFirst
	for _, f := range []struct {
		name  string
		flag  *int
		value int
	}{{"layers", &o.layers, m.layers}, {"heads", &o.heads, m.heads}, {"dim", &o.dim, m.dim}, {"hidden", &o.hidden, m.hidden}} {
		if o.given[f.name] && *f.flag != f.value {
			return errors.Errorf("-%s is %d, the model of -init %s has %d: leave the flag out", f.name, *f.flag, o.init, f.value)
		}
		*f.flag = f.value
	}
	return nil
}
