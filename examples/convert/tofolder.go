package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// toFolder writes a folder in the Hugging Face layout.
func (c *conversion) toFolder(w io.Writer, from *source) error {
	files := map[string][]byte{}
	if from.tokenizer != nil {
		var err error
		if files, err = from.tokenizer.ModelFiles(); err != nil {
			return errors.WithMessage(err, c.model)
		}
	}
	if from.template != "" {
		config, err := withTemplate(files["tokenizer_config.json"], from.template)
		if err != nil {
			return err
		}
		files["tokenizer_config.json"] = config
	}
	weights := map[string]*tensor.Dense{}
	for path := range from.shapes {
		x, err := from.read(path)
		if err != nil {
			return err
		}
		weights[path] = x
	}
	err := checkpoints.SaveModel(c.out, checkpoints.Model{
		Config: from.model, Files: files, ShardBytes: int64(c.shard), Weights: func(yield func(string, *tensor.Dense) bool) {
			for _, path := range slices.Sorted(maps.Keys(weights)) {
				if !yield(path, weights[path]) {
					return
				}
			}
		},
	})
	if err != nil {
		return err
	}
	return c.report(w, nil, "")
}

// withTemplate returns a tokenizer_config.json with a template of chats.
func withTemplate(config []byte, template string) ([]byte, error) {
	keys := map[string]any{}
	if len(config) > 0 {
		if err := json.Unmarshal(config, &keys); err != nil {
			return nil, errors.WithStack(err)
		}
	}
	keys["chat_template"] = template
	text, err := json.MarshalIndent(keys, "", "  ")
	return text, errors.WithStack(err)
}
