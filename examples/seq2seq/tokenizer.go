package main

import (
	"cmp"
	"iter"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// special lists the special tokens of a trained tokenizer: padding, beginning and end.
var special = []string{"<pad>", "<s>", "</s>"}

// marked is a tokenizer and its special tokens.
type marked struct {
	vocabulary.Vocabulary
	marks data.Marks // batches have them
}

// marked trains or loads the tokenizer of -tokenizer, or loads that of the folder from unless it is "". The special tokens of a model of
// -init are those in its config.json.
func (o *options) marked(from string, texts iter.Seq[string]) (v marked, err error) {
	if v.Vocabulary, err = o.vocabulary.Open(from, vocabulary.Texts(texts)); err != nil {
		return v, err
	}
	if o.start.network != nil {
		v.marks = o.start.marks()
		return v, nil
	}
	return v, errors.WithMessagef(v.findMarks(o.family == "transformer"), "the tokenizer of %s", cmp.Or(from, o.vocabulary.Name))
}

// findMarks finds the special tokens by their roles. BERT's [CLS] and [SEP] serve as beginning and end. Without begins, the tokenizer needs
// no beginning. The error names the roles without a token.
func (v *marked) findMarks(begins bool) error {
	var missing []string
	for _, mark := range []struct {
		name  string
		to    *int32
		roles []func() (int32, bool)
	}{
		{"padding (pad_token)", &v.marks.Pad, []func() (int32, bool){v.Pad}},
		{"the beginning (bos_token)", &v.marks.BOS, []func() (int32, bool){v.BOS, v.CLS}},
		{"the end (eos_token)", &v.marks.EOS, []func() (int32, bool){v.EOS, v.Sep}},
	} {
		found := false
		for _, role := range mark.roles {
			if *mark.to, found = role(); found {
				break
			}
		}
		if !found && (begins || mark.to != &v.marks.BOS) {
			missing = append(missing, mark.name)
		}
	}
	if len(missing) > 0 {
		return errors.Errorf("has no token for %s: its tokenizer_config.json can name one", strings.Join(missing, " and "))
	}
	return nil
}
