package trainer

import "maps"

// Digamma is digamma.
func Digamma(x float64) float64 { return digamma(x) }

// Lattice counts pieces in texts as training does. The scores are the logarithms of probabilities.
type Lattice struct {
	e *estimation
	l *lattices
}

// NewLattice makes the pieces of scores, which have every character of texts among them.
func NewLattice(texts []string, scores map[string]float64) (*Lattice, error) {
	t := newTally()
	for _, text := range texts {
		t.add(text, 1)
	}
	for piece := range scores {
		t.add(piece, 1) // so that it has a place
	}
	s, err := newSentences(t, t.alphabet("", 0))
	if err != nil {
		return nil, err
	}
	e := &estimation{sentences: s, unit: 1 << 40}
	var all []seed
	for piece := range maps.Keys(scores) {
		at := int32(len(s.symbols))
		s.add(piece, 1)
		all = append(all, seed{at, int32(len(s.symbols)) - at, 1})
	}
	e.insert(all)
	for i, p := range e.pieces {
		e.pieces[i].score = scores[s.spelling(p.seed)]
	}
	return &Lattice{e, e.lattices()}, nil
}

func (l *Lattice) symbols(text string) (symbols []int32) {
	for _, r := range text {
		symbols = append(symbols, l.e.number[r])
	}
	return symbols
}

// Expected returns how often each piece is to be expected in text.
func (l *Lattice) Expected(text string) map[string]float64 {
	c := l.l.cutter()
	c.expect(l.symbols(text), l.e.unit)
	expected := map[string]float64{}
	for i, n := range c.counts {
		expected[l.e.spelling(l.e.pieces[i].seed)] = float64(n) / l.e.unit
	}
	return expected
}

// Cut returns the best way to cut text without one piece, "" for none.
func (l *Lattice) Cut(text, without string) (pieces []string) {
	not := int32(-1)
	for i, p := range l.e.pieces {
		if l.e.spelling(p.seed) == without {
			not = int32(i)
		}
	}
	way, _ := l.l.cutter().cut(l.symbols(text), not)
	for i := len(way) - 1; i >= 0; i-- {
		pieces = append(pieces, l.e.spelling(l.e.pieces[way[i].piece].seed))
	}
	return pieces
}

// Seeds returns the substrings that training on texts begins with, and how often they occur.
func Seeds(texts []string, longest int) (map[string]int64, error) {
	t := newTally()
	for _, text := range texts {
		t.add(text, 1)
	}
	s, err := newSentences(t, t.alphabet("", 0))
	if err != nil {
		return nil, err
	}
	seeds := map[string]int64{}
	for _, p := range s.seeds(longest) {
		seeds[s.spelling(p)] = p.count
	}
	return seeds, nil
}
