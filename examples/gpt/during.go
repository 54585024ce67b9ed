package main

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// sample continues the start of the held-out text with the current weights.
func (t *training) sample() (string, error) {
	d, err := generate.NewDecoder(t.params, t.model, 1)
	if err != nil {
		return "", err
	}
	prompt := make([]int32, min(8, t.held.Len(), t.context))
	if err := t.held.Tokens(prompt, 0); err != nil {
		return "", err
	}
	o := sampling(60)
	o.Slide, o.Bias, o.Stop = true, folder.Allow(nil, t.tok.Tokenizer, t.model.Vocab), t.model.EOS
	var b strings.Builder
	for text, err := range generate.Text(follow(prompt, generate.Tokens(d, prompt, o)), t.tok.Stream()) {
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return strings.Join(strings.Fields(b.String()), " "), nil // on one line
}
