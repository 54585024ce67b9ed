package trainer

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// unlikely is the score of special tokens and bytes. Text that looks like such a token is cut into characters instead.
const unlikely = -1e4

// estimation prepares the initial pieces: the characters and substrings of all, and the pieces of old.
func (t Unigram) estimation(d *draft, all *tally, old []tokenize.ScoredPiece) (*estimation, error) {
	initial := t.InitialAlphabet
	for _, p := range old {
		if utf8.RuneCountInString(p.Text) == 1 {
			initial += p.Text
		}
	}
	s, err := newSentences(all, all.alphabet(initial, t.LimitAlphabet))
	if err != nil {
		return nil, err
	}
	e := &estimation{sentences: s, rounds: cmp.Or(t.Rounds, 2), shrink: cmp.Or(t.Shrink, 0.75), workers: t.Workers}
	e.report = func(done, total int) {
		if t.Progress != nil {
			t.Progress(Progress{"estimate", int64(done), int64(total)})
		}
	}
	stay := s.addAll(d, old)
	for _, p := range s.best(s.seeds(cmp.Or(t.MaxLength, longestPiece)), cmp.Or(t.SeedSize, 1_000_000)) {
		if _, taken := d.ids[s.spelling(p)]; !taken || p.length == 1 {
			e.pieces = append(e.pieces, trainPiece{seed: p, stays: p.length == 1})
		}
	}
	e.insert(stay)
	e.size = d.size
	for _, p := range e.pieces {
		if _, taken := d.ids[s.spelling(p.seed)]; p.stays && !taken {
			e.fixed++
		} else if p.stays {
			e.size++
		}
	}
	e.size -= len(d.tokens)
	return e, nil
}

// addAll adds the pieces that get a score even if they do not occur in a text: the alphabet, and the pieces of old except special
// tokens and bytes. It returns the pieces of old.
func (s *sentences) addAll(d *draft, old []tokenize.ScoredPiece) (stay []seed) {
	for _, r := range s.alphabet {
		s.add(string(r), 0)
	}
	for _, p := range old {
		n := utf8.RuneCountInString(p.Text)
		_, isByte := tokenize.ByteFallback{}.Byte(p.Text)
		if n < 2 || n > longestPiece || isByte || d.isAdded(p.Text) {
			continue
		}
		at := len(s.symbols)
		s.add(p.Text, 0)
		if len(s.symbols) == at+n {
			stay = append(stay, seed{int32(at), int32(n), 0})
		}
	}
	return stay
}

// insert adds the pieces of stay, which are never removed.
func (m *estimation) insert(stay []seed) {
	for _, p := range stay {
		m.pieces = append(m.pieces, trainPiece{seed: p, stays: true})
	}
	slices.SortStableFunc(m.pieces, func(a, b trainPiece) int { return slices.Compare(m.text(a.seed), m.text(b.seed)) })
	kept := m.pieces[:0]
	for _, p := range m.pieces {
		if last := len(kept) - 1; last >= 0 && slices.Equal(m.text(kept[last].seed), m.text(p.seed)) {
			kept[last].stays = true
			continue
		}
		kept = append(kept, p)
	}
	m.pieces = kept
}

// scored assigns ids to the pieces that stay and to the most probable others. It returns all tokens with their scores.
func (m *estimation) scored(d *draft, old []tokenize.ScoredPiece) []tokenize.ScoredPiece {
	for id := len(old); id < len(d.tokens); id++ {
		old = append(old, tokenize.ScoredPiece{Text: d.tokens[id], Score: unlikely})
	}
	pieces := m.pieces
	slices.SortStableFunc(pieces, func(a, b trainPiece) int {
		if a.stays == b.stays {
			return cmp.Compare(b.score, a.score)
		}
		if a.stays {
			return -1
		}
		return 1
	})
	var fresh []tokenize.ScoredPiece
	for _, p := range pieces {
		name := m.spelling(p.seed)
		if id, taken := d.ids[name]; !taken && len(fresh) < d.room() {
			fresh = append(fresh, tokenize.ScoredPiece{Text: name, Score: p.score}.Writable())
		} else if taken && !d.isAdded(name) {
			old[id] = tokenize.ScoredPiece{Text: old[id].Text, Score: p.score}.Writable()
		}
	}
	slices.SortStableFunc(fresh, func(a, b tokenize.ScoredPiece) int { return cmp.Compare(b.Score, a.Score) })
	for _, p := range fresh {
		d.token(p.Text)
	}
	return append(old, fresh...)
}

// best returns at most most seeds: all characters, and the other seeds with the greatest number of occurrences times length.
func (s *sentences) best(seeds []seed, most int) []seed {
	if len(seeds) <= most {
		return seeds
	}
	order := make([]int, len(seeds))
	for i := range order {
		order[i] = i
	}
	weight := func(p seed) int64 { return p.count * int64(p.length) }
	slices.SortFunc(order, func(a, b int) int {
		alone := cmp.Compare(min(seeds[a].length, 2), min(seeds[b].length, 2))
		return cmp.Or(alone, cmp.Compare(weight(seeds[b]), weight(seeds[a])), cmp.Compare(a, b))
	})
	order = order[:max(most, len(s.alphabet))]
	slices.Sort(order)
	kept := seeds[:0]
	for _, i := range order {
		kept = append(kept, seeds[i])
	}
	return kept
}
