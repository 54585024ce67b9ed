package train

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// ChrF configures the F-score of the n-grams of characters (Popović 2015, https://aclanthology.org/W15-3049), and of words with Words.
// It suits languages such as Korean, whose words have many forms. The scores are those of sacrebleu 2: the zero ChrF is its default,
// chrF2. Words 2 is chrF++.
type ChrF struct {
	Characters int     // length of the longest n-grams of characters; 0 means 6
	Words      int     // length of the longest n-grams of words; 0 means none
	Beta       float64 // weight of the recall; 0 means 2
	Lower      bool    // compare in lower case
	Spaces     bool    // spaces are characters, too
}

// ChrFScore is a score and its settings.
type ChrFScore struct {
	Score     float64 `json:"score"`     // 0 … 100
	Name      string  `json:"name"`      // such as chrF2
	Signature string  `json:"signature"` // the settings, as sacrebleu writes them, without a version
}

// Check returns an error that names the first invalid field.
func (c ChrF) Check() error {
	switch {
	case c.Characters < 0:
		return errors.Errorf("train: chrF: Characters is %d, want at least 0", c.Characters)
	case c.Words < 0:
		return errors.Errorf("train: chrF: Words is %d, want at least 0", c.Words)
	case !(c.Beta >= 0 && c.Beta <= math.MaxFloat32):
		return errors.Errorf("train: chrF: Beta is %g, want a finite number of at least 0", c.Beta)
	}
	return nil
}

// matches counts the n-grams of one order.
type matches struct{ output, reference, both int }

// Score compares outputs with references. references[i] lists the references of outputs[i], at least one; the best of them counts.
func (c ChrF) Score(outputs []string, references [][]string) (ChrFScore, error) {
	if err := c.Check(); err != nil {
		return ChrFScore{}, err
	}
	nrefs, err := referenceCount(outputs, references)
	if err != nil {
		return ChrFScore{}, errors.WithMessage(err, "train: chrF")
	}
	c.Characters, c.Beta = cmp.Or(c.Characters, 6), cmp.Or(c.Beta, 2)
	total := make([]matches, c.Characters+c.Words)
	for i, output := range outputs {
		for n, m := range c.best(output, references[i]) {
			total[n].output += m.output
			total[n].reference += m.reference
			total[n].both += m.both
		}
	}
	return ChrFScore{
		Score: 100 * c.mean(total), Name: fmt.Sprintf("chrF%g%s", c.Beta, strings.Repeat("+", c.Words)),
		Signature: fmt.Sprintf("nrefs:%s|case:%s|eff:yes|nc:%d|nw:%d|space:%s", nrefs, caseName(c.Lower), c.Characters, c.Words, yes(c.Spaces)),
	}, nil
}

// best returns the counts for the reference with the highest score.
func (c ChrF) best(output string, references []string) (best []matches) {
	out, top := c.grams(output), -1.0
	for _, r := range references {
		all := make([]matches, len(out))
		for n, want := range c.grams(r) {
			for gram, times := range out[n] {
				all[n].output += times
				all[n].both += min(times, want[gram])
			}
			for _, times := range want {
				all[n].reference += times
			}
			if all[n].reference == 0 {
				all[n].output = 0
			}
		}
		if score := c.mean(all); score > top {
			best, top = all, score
		}
	}
	return best
}

// grams counts the n-grams of every order.
func (c ChrF) grams(text string) (all []map[string]int) {
	if c.Lower {
		text = lower(text)
	}
	words, characters := wordsOf(chrFWords(text)), text
	if !c.Spaces {
		characters = strings.Join(fields(text), "")
	}
	u := charactersOf(characters)
	for n := range c.Characters {
		all = append(all, u.grams(n+1))
	}
	for n := range c.Words {
		all = append(all, words.grams(n+1))
	}
	return all
}

// chrFWords cuts at spaces and separates one mark of ASCII punctuation at the end of a word, or else at its beginning.
func chrFWords(text string) (words []string) {
	for _, w := range fields(text) {
		_, first := utf8.DecodeRuneInString(w)
		end := len(w) - 1
		switch {
		case first == len(w):
			words = append(words, w)
		case isASCIIPunct(w[end]):
			words = append(words, w[:end], w[end:])
		case isASCIIPunct(w[0]):
			words = append(words, w[:1], w[1:])
		default:
			words = append(words, w)
		}
	}
	return words
}

func isASCIIPunct(b byte) bool {
	return '!' <= b && b <= '/' || ':' <= b && b <= '@' || '[' <= b && b <= '`' || '{' <= b && b <= '~'
}

// mean returns the F-score of the mean precision and the mean recall over the orders that both sides have.
func (c ChrF) mean(all []matches) float64 {
	precision, recall, orders := 0.0, 0.0, 0.0
	for _, m := range all {
		if m.output > 0 && m.reference > 0 {
			precision += float64(m.both) / float64(m.output)
			recall += float64(m.both) / float64(m.reference)
			orders++
		}
	}
	if precision+recall == 0 {
		return 0
	}
	f := c.Beta * c.Beta
	precision, recall = precision/orders, recall/orders
	return (1 + f) * precision * recall / (f*precision + recall)
}

// String returns the score and its signature on one line.
func (s ChrFScore) String() string { return fmt.Sprintf("%s|%s = %.2f", s.Name, s.Signature, s.Score) }
