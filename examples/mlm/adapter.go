package main

import (
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
)

// adapt makes the parameters, with an adapter if -lora asks for one. It trains the head whole.
func (t *training) adapt() (err error) {
	if t.lora.Given() {
		if t.lora.Saved, err = encoders.Saved(t.model); err != nil {
			return err
		}
	}
	t.params, err = t.lora.Adapt(t.Params(), t.model)
	return err
}
