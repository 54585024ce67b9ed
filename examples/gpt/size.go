package main

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
)

// size reads the model of the folder from, unless that is "", and sets the flags of the model to the model's values.
func (t *training) size(from string, resumed bool) (err error) {
	if from == "" {
		return nil
	}
	if err := t.config(from, resumed); err != nil {
		return err
	}
	if t.given["dropout"] || !resumed && t.dropout > 0 {
		t.model = t.model.Drops(t.dropout)
	}
	if err := t.kind(from); err != nil || resumed {
		return err
	}
	if t.given["tokenizer"] {
		return errors.Errorf("-tokenizer is %s, but the model of -init %s has its own: leave the flag out", t.vocabulary.Name, from)
	}
	context := t.model.Window()
	for _, f := range []struct {
		name       string
		flag       *int
		value, low int
	}{
		{"layers", &t.layers, t.model.Layers, t.model.Layers}, {"heads", &t.heads, t.model.Heads, t.model.Heads},
		{"kv-heads", &t.kvHeads, t.model.KVHeads, t.model.KVHeads}, {"dim", &t.dim, t.model.Dim, t.model.Dim}, {"context", &t.context, context, 1},
	} {
		if !t.given[f.name] {
			*f.flag = f.value
		} else if *f.flag < f.low || *f.flag > f.value {
			return errors.Errorf("-%s is %d, the model of -init %s has %d: leave the flag out", f.name, *f.flag, from, f.value)
		}
	}
	return nil
}

// kind sets -family, -positions and -cell to the model's.
func (t *training) kind(from string) error {
	was := t.family
	t.family, _ = familyOf(t.model)
	if t.given["family"] && was != t.family {
		return errors.Errorf("-family is %s, the model in %s has %s: leave the flag out", was, from, t.family)
	}
	if err := t.checkKind(); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		flag  *string
		value string
	}{{"positions", &t.positions, positionsOf(t.model)}, {"cell", &t.cell, t.model.Cell}} {
		if t.given[f.name] && *f.flag != f.value {
			return errors.Errorf("-%s is %s, the model in %s has %s: leave the flag out", f.name, *f.flag, from, f.value)
		}
		*f.flag = f.value
	}
	return nil
}

// config reads the configuration of a checkpoint as the run wrote it, and of any other model as Hugging Face does.
func (t *training) config(from string, resumed bool) (err error) {
	if resumed {
		t.model, err = folder.ReadConfig(from)
		return err
	}
	if err := flags.AnyModel("init", from); err != nil {
		return err
	}
	t.model, err = folder.Open(from)
	return err
}
