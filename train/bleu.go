package train

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"github.com/pkg/errors"
)

// BLEU configures the corpus BLEU of "BLEU: a Method for Automatic Evaluation of Machine Translation" (Papineni et al. 2002). The scores
// are those of sacrebleu 2 (Post 2018, arXiv 1804.08771): the zero BLEU is its default. Scores agree with published ones if their
// signatures do.
type BLEU struct {
	Tokens         BLEUTokens
	Lower          bool // compare in lower case
	Smoothing      BLEUSmoothing
	SmoothingValue float64 // of SmoothFloor and SmoothAddK; 0 means 0.1 and 1
	EffectiveOrder bool    // leave out orders for which the outputs have no n-gram; for single sentences
	Order          int     // length of the longest n-grams; 0 means 4
}

// BLEUScore holds a score and its parts.
type BLEUScore struct {
	Score           float64   `json:"score"`           // 0 … 100
	Precisions      []float64 `json:"precisions"`      // of each order, smoothed, in percent
	Matches         []int     `json:"matches"`         // n-grams of each order that a reference has
	Totals          []int     `json:"totals"`          // n-grams of each order in the outputs
	BrevityPenalty  float64   `json:"brevityPenalty"`  // 1 if the outputs are at least as long as the references
	Length          int       `json:"length"`          // tokens of the outputs
	ReferenceLength int       `json:"referenceLength"` // tokens of the references closest in length
	Signature       string    `json:"signature"`       // the settings, as sacrebleu writes them, without a version
}

// Check returns an error that names the first invalid field.
func (b BLEU) Check() error {
	switch {
	case b.Tokens >= BLEUTokens(len(bleuTokens)):
		return errors.Errorf("train: BLEU: Tokens is %v, want less than %d", b.Tokens, len(bleuTokens))
	case b.Smoothing >= BLEUSmoothing(len(bleuSmoothings)):
		return errors.Errorf("train: BLEU: Smoothing is %v, want less than %d", b.Smoothing, len(bleuSmoothings))
	case !(b.SmoothingValue >= 0 && b.SmoothingValue <= math.MaxFloat64):
		return errors.Errorf("train: BLEU: SmoothingValue is %g, want a finite number of at least 0", b.SmoothingValue)
	case b.Order < 0:
		return errors.Errorf("train: BLEU: Order is %d, want at least 0", b.Order)
	}
	return nil
}

// Score compares outputs with references. references[i] lists the references of outputs[i], at least one.
func (b BLEU) Score(outputs []string, references [][]string) (BLEUScore, error) {
	if err := b.Check(); err != nil {
		return BLEUScore{}, err
	}
	nrefs, err := referenceCount(outputs, references)
	if err != nil {
		return BLEUScore{}, errors.WithMessage(err, "train: BLEU")
	}
	b.Order = cmp.Or(b.Order, 4)
	s := BLEUScore{Matches: make([]int, b.Order), Totals: make([]int, b.Order), Signature: b.signature(nrefs)}
	for i, output := range outputs {
		b.count(&s, output, references[i])
	}
	b.combine(&s)
	return s, nil
}

// count adds the n-grams of an output to s. An n-gram matches as often as the reference that has it most often.
func (b BLEU) count(s *BLEUScore, output string, references []string) {
	out := b.words(output)
	refs := make([]units, len(references))
	closest := -1
	for i, r := range references {
		refs[i] = b.words(r)
		n := refs[i].len()
		if d, best := distance(n, out.len()), distance(closest, out.len()); closest < 0 || d < best || d == best && n < closest {
			closest = n
		}
	}
	s.Length += out.len()
	s.ReferenceLength += closest
	for n := range b.Order {
		most := map[string]int{}
		for _, r := range refs {
			for gram, times := range r.grams(n + 1) {
				most[gram] = max(most[gram], times)
			}
		}
		for gram, times := range out.grams(n + 1) {
			s.Totals[n] += times
			s.Matches[n] += min(times, most[gram])
		}
	}
}

func distance(a, b int) int { return max(a-b, b-a) }

// words returns the tokens of a text.
func (b BLEU) words(text string) units {
	if b.Lower {
		text = lower(text)
	}
	return wordsOf(b.Tokens.split(strings.TrimRightFunc(text, isSpace)))
}

// combine computes the score from the counts.
func (b BLEU) combine(s *BLEUScore) {
	s.BrevityPenalty, s.Precisions = 1, make([]float64, b.Order)
	if s.Length < s.ReferenceLength {
		s.BrevityPenalty = 0
		if s.Length > 0 {
			s.BrevityPenalty = math.Exp(1 - float64(s.ReferenceLength)/float64(s.Length))
		}
	}
	if sum(s.Matches) == 0 {
		return
	}
	orders, sum := b.Order, 0.0
	for n, p := range b.precisions(s) {
		s.Precisions[n] = p
		if b.EffectiveOrder {
			orders = n + 1
		}
	}
	for _, p := range s.Precisions[:orders] {
		sum += math.Log(p) // −∞ for 0
	}
	s.Score = s.BrevityPenalty * math.Exp(sum/float64(orders))
}

// precisions returns the smoothed precisions of the orders that the outputs have, in percent. The smoothings are methods 1 to 3 of "A
// Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU" (Chen and Cherry 2014).
func (b BLEU) precisions(s *BLEUScore) (all []float64) {
	value, halves := cmp.Or(b.SmoothingValue, bleuSmoothings[b.Smoothing].value), 1.0
	for n := range s.Totals {
		match, total := float64(s.Matches[n]), float64(s.Totals[n])
		if b.Smoothing == SmoothAddK && n > 0 {
			match, total = match+value, total+value
		}
		switch {
		case total == 0:
			return all
		case match == 0 && b.Smoothing == SmoothExp:
			halves *= 2
			match = 1 / halves
		case match == 0 && b.Smoothing == SmoothFloor:
			match = value
		}
		all = append(all, 100*match/total)
	}
	return all
}

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

func (b BLEU) signature(nrefs string) string {
	smooth := b.Smoothing.String()
	if v := cmp.Or(b.SmoothingValue, bleuSmoothings[b.Smoothing].value); bleuSmoothings[b.Smoothing].value > 0 {
		smooth += fmt.Sprintf("[%.2f]", v)
	}
	return fmt.Sprintf("nrefs:%s|case:%s|eff:%s|tok:%v|smooth:%s", nrefs, caseName(b.Lower), yes(b.EffectiveOrder), b.Tokens, smooth)
}

// String returns the score, its signature and its parts on one line.
func (s BLEUScore) String() string {
	precisions := make([]string, len(s.Precisions))
	for i, p := range s.Precisions {
		precisions[i] = fmt.Sprintf("%.1f", p)
	}
	ratio := 0.0
	if s.ReferenceLength > 0 {
		ratio = float64(s.Length) / float64(s.ReferenceLength)
	}
	return fmt.Sprintf("BLEU|%s = %.2f %s (BP = %.3f ratio = %.3f hyp_len = %d ref_len = %d)",
		s.Signature, s.Score, strings.Join(precisions, "/"), s.BrevityPenalty, ratio, s.Length, s.ReferenceLength)
}
