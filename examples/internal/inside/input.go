package inside

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// asked is a question as the model reads it.
type asked struct {
	inspect.Input
	text, source encoded
	picture      *page.Picture
}

// input encodes a question.
func (m *Model) input(q page.Question) (x asked, err error) {
	switch m.kind() {
	case "pictures":
		if q.Picture < 0 || q.Picture >= len(m.Pictures) {
			return x, errors.Errorf("picture %d, want 0 … %d", q.Picture, len(m.Pictures)-1)
		}
		p := m.Pictures[q.Picture]
		x.Pixels, x.picture = p.Pixels, &p.Picture
		return x, nil
	case "items":
		x.text, err = m.items(q.Text)
	case "pairs":
		if x.text, err = m.encode(q.Text, false); err == nil {
			x.source, err = m.encode(q.Source, true)
		}
	case "none":
		return x, errors.Errorf("a model of type %T reads nothing that this page can ask", m.Model)
	default:
		x.text, err = m.encode(q.Text, false)
	}
	if err != nil {
		return x, err
	}
	x.Tokens, x.Source = x.text.ids, x.source.ids
	return x, m.check(x)
}

// check reports an input that is empty or too long.
func (m *Model) check(x asked) error {
	if len(x.Tokens) == 0 {
		return errors.New("the text has no tokens, want at least one")
	}
	if m.kind() == "pairs" && len(x.Source) == 0 {
		return errors.New("the source has no tokens, want at least one")
	}
	if w := m.window(); w > 0 && len(x.Tokens) > w {
		return errors.Errorf("the text has %d tokens, the model reads at most %d: shorten it", len(x.Tokens), w)
	}
	return nil
}

// window returns the largest number of tokens of a text, 0 if any is.
func (m *Model) window() int {
	if w, ok := m.Model.(interface{ Window() int }); ok {
		return w.Window()
	}
	if c, ok := m.Model.(models.Classifier); ok {
		return c.Context
	}
	return 0
}

// items reads the numbers of a recommender's items.
func (m *Model) items(text string) (x encoded, err error) {
	most := math.MaxInt32
	if s, ok := m.Model.(models.SASRec); ok {
		most = s.Items
	}
	for i, field := range strings.Fields(text) {
		id, err := strconv.Atoi(field)
		if err != nil || id < 1 || id > most {
			return x, errors.Errorf("item %.40q, want numbers of 1 … %d, separated by spaces", field, most)
		}
		x.ids, x.texts, x.spans = append(x.ids, int32(id)), append(x.texts, field), append(x.spans, i)
	}
	return x, nil
}

// hide replaces the token at a place by the mask of a masked language model. A place of -1 means the first mask of the text.
func (m *Model) hide(x *asked, place int) (int, error) {
	if place >= len(x.Tokens) {
		return 0, errors.Errorf("place %d, the text has %d tokens", place, len(x.Tokens))
	}
	mask, ok := m.Tokenizer.Mask()
	if place < 0 && ok {
		place = slices.Index(x.Tokens, mask)
	}
	if place < 0 {
		place = len(x.Tokens) / 2
	}
	if ok {
		x.Tokens = slices.Clone(x.Tokens)
		x.Tokens[place] = mask
	}
	return place, nil
}
