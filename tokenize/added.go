package tokenize

import (
	"strings"

	"github.com/pkg/errors"
)

// AddedToken is a token that is found in the text before the text is split, so that no stage changes it. If two begin at
// the same place, the longer one is taken.
type AddedToken struct {
	ID         int32
	Text       string
	Special    bool // controls the model: Policy and SkipSpecial apply to it
	SingleWord bool // matches only if no word character touches it
	LeftStrip  bool // also covers the spaces to its left
	RightStrip bool // also covers the spaces to its right
	Normalized bool // its normalized form is looked for in the normalized text instead of the original text
}

func (c *core) addTokens(tokens []AddedToken) error {
	c.added = make(map[string]AddedToken, len(tokens))
	c.addedByID = make(map[int32]AddedToken, len(tokens))
	c.decoded = map[int32]string{}
	c.size = c.stages.Model.VocabSize()
	c.cuttable = true
	raw, normalized := &matcher{}, &matcher{}
	for _, a := range tokens {
		if err := c.checkAdded(a); err != nil {
			return err
		}
		c.added[a.Text], c.addedByID[a.ID] = a, a
		c.size = max(c.size, int(a.ID)+1)
		c.cuttable = c.cuttable && !a.SingleWord && !a.LeftStrip && !a.RightStrip && !strings.Contains(a.Text, "\n")
		if !a.Normalized {
			raw.add(a, a.Text)
			continue
		}
		text, err := normalize(c.stages.Normalizer, NewText(a.Text))
		if err != nil {
			return errors.WithMessagef(err, "added token %q: normalizer", a.Text)
		}
		c.decoded[a.ID] = text.s
		normalized.add(a, text.s)
	}
	c.raw, c.normalized = raw.finish(), normalized.finish()
	return nil
}

func (c *core) checkAdded(a AddedToken) error {
	limit := c.stages.Model.VocabSize() + 2*len(c.stages.Added) + 1024
	switch {
	case a.Text == "":
		return errors.Errorf("added token %d: no text", a.ID)
	case a.ID < 0 || int(a.ID) >= limit:
		return errors.Errorf("added token %q: id %d is not in [0, %d)", a.Text, a.ID, limit)
	}
	if b, ok := c.added[a.Text]; ok {
		return errors.Errorf("added token %q: given twice, with ids %d and %d", a.Text, b.ID, a.ID)
	}
	if b, ok := c.addedByID[a.ID]; ok {
		return errors.Errorf("added token %q: id %d belongs to %q", a.Text, a.ID, b.Text)
	}
	if id, ok := c.stages.Model.TokenToID(a.Text); ok && id != a.ID {
		return errors.Errorf("added token %q: id %d, but the model gives it %d", a.Text, a.ID, id)
	}
	if token, ok := c.stages.Model.IDToToken(a.ID); ok && token != a.Text {
		return errors.Errorf("added token %q: id %d is %q in the model", a.Text, a.ID, token)
	}
	return nil
}
