package main

import (
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// adapt makes the parameters, with an adapter if -lora asks for one. It trains the head whole.
func (t *training) adapt() (err error) {
	if e, ok := t.model.model.(models.TextEncoder); ok && t.lora.Given() {
		if t.lora.Saved, err = encoders.Saved(e); err != nil {
			return err
		}
	}
	t.params, err = t.lora.Adapt(t.Params(), t.model.model)
	return err
}
