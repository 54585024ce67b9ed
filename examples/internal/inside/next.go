package inside

import (
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// mostChoices is the number of results that Next names.
const mostChoices = 40

// Next implements page.Inside.
func (m *Model) Next(q page.NextQuestion) (*page.Next, error) {
	if m.predicts() == "" {
		return nil, errors.New("this model has no head: it predicts nothing")
	}
	w, done, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
	defer done()
	x, err := m.input(q.Question)
	if err != nil {
		return nil, err
	}
	place, err := m.place(&x, q.Place)
	if err != nil {
		return nil, err
	}
	logits, err := w.logits(x.Input)
	if err != nil {
		return nil, err
	}
	if logits.Rows == 0 {
		return nil, errors.Errorf("a model of type %T predicts nothing that this page can show", m.Model)
	}
	return m.choices(logits.Row(min(place, logits.Rows-1)), place, q)
}

// place returns the index of the token whose result is wanted, and hides it in a masked language model.
func (m *Model) place(x *asked, wanted int) (int, error) {
	switch m.predicts() {
	case "mask":
		return m.hide(x, wanted)
	case "token":
		if wanted >= len(x.Tokens) {
			return 0, errors.Errorf("place %d, the text has %d tokens", wanted, len(x.Tokens))
		}
		if wanted >= 0 {
			return wanted, nil
		}
		return len(x.Tokens) - 1, nil
	}
	return 0, nil // one result for the whole input
}

// choices returns the most likely results, with the probabilities of a draw.
func (m *Model) choices(logits []float32, place int, q page.NextQuestion) (*page.Next, error) {
	o := generate.Options{Temperature: q.Temperature, TopK: q.TopK, TopP: q.TopP, MinP: q.MinP}
	drawn, err := generate.Choices(logits, nil, 0, o)
	if err != nil {
		return nil, err
	}
	probability := map[int32]float64{}
	for _, c := range drawn {
		probability[c.ID] = c.Probability
	}
	n := &page.Next{Place: place, Kept: len(drawn), Choices: []page.Choice{}}
	for _, g := range m.best(logits, mostChoices) {
		c := page.Choice{Guess: g, Logit: float64(logits[g.ID]), ModelProbability: g.Probability}
		c.Probability = probability[g.ID]
		n.Choices = append(n.Choices, c)
	}
	return n, nil
}

// name returns a result as a reader sees it: a token, a class or an item.
func (m *Model) name(id int32) string {
	if labels := m.labels(); m.predicts() == "class" && int(id) < len(labels) {
		return labels[id]
	}
	return m.text(id)
}

// itemText returns the name of an item of a recommender.
func itemText(id int32) string {
	if id == 0 {
		return "–" // padding
	}
	return strconv.Itoa(int(id))
}
