package tokenize_test

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

func TestUnigramTrains(t *testing.T) {
	tok := must[*tokenize.Tokenizer](t)(tokenize.UnigramTrainer{VocabSize: 120, Special: []string{"<pad>"}}.Train(lines(corpus)))
	m := tok.Stages().Model.(*tokenize.Unigram)
	for i, p := range m.Config().Pieces {
		t.Log(i, p.Text, p.Score)
	}
}
