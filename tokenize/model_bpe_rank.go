package tokenize

import (
	"cmp"
	"slices"
	"sync"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// newRankedBPE returns a byte-level BPE that works like tiktoken. raw holds the bytes of each token by id, which is its
// rank. Two neighbours merge if their concatenation is a token, and a piece that is a token is encoded as this token. ""
// is not a token.
func newRankedBPE(raw []string) (*BPE, error) {
	m := &BPE{raw: raw, unknown: -1, free: table.NewPool[bpeScratch](), start: newBPEStart()}
	m.ranks = table.NewBytes(raw)
	for id, token := range raw {
		if token == "" {
			continue
		}
		if other, twice := m.ranks.Add(int32(id)); twice {
			return nil, errors.Errorf("token %q occurs twice, with ranks %d and %d", token, other, id)
		}
		if len(token) == 1 {
			for place := range m.start.bytes {
				m.start.bytes[place][token[0]] = int32(id)
			}
		}
	}
	m.config.IgnoreMerges = true
	m.start.finish(&m.config)
	m.whole = m.ranks
	m.names = sync.OnceValue(m.spell)
	return m, m.readPairs()
}

// ranksPerWorker is the number of tokens that a goroutine splits at a time.
const ranksPerWorker = 1 << 12

// readPairs fills the table of merges with all ways to split a token into two tokens.
func (m *BPE) readPairs() error {
	parts := make([][]table.MergeSlot, (len(m.raw)+ranksPerWorker-1)/ranksPerWorker)
	err := inParallel(len(parts), func(i int) error {
		list := make([]table.MergeSlot, 0, 4*ranksPerWorker)
		end := min(len(m.raw), (i+1)*ranksPerWorker)
		for id := i * ranksPerWorker; id < end; id++ {
			list = m.appendPairs(list, int32(id))
		}
		parts[i] = list
		return nil
	})
	if err != nil {
		return err
	}
	n := 0
	for _, list := range parts {
		n += len(list)
	}
	m.table = table.NewMerges(n)
	for _, list := range parts {
		for _, slot := range list {
			m.table.Put(slot.Pair, slot.Merge)
		}
	}
	return nil
}

// appendPairs appends the pairs of tokens that make the token id.
func (m *BPE) appendPairs(list []table.MergeSlot, id int32) []table.MergeSlot {
	token := m.raw[id]
	for i := 1; i < len(token); i++ {
		left, ok := m.ranks.Find(token[:i])
		if !ok {
			continue
		}
		if right, ok := m.ranks.Find(token[i:]); ok {
			list = append(list, table.MergeSlot{Pair: table.PairOf(left, right), Merge: table.NewMerge(id, id)})
		}
	}
	return list
}

// spell returns the vocabulary of m, spelled in GPT-2's alphabet.
func (m *BPE) spell() *vocabulary {
	v := &vocabulary{ids: make(map[string]int32, len(m.raw)), tokens: make([]string, len(m.raw))}
	for id, token := range m.raw {
		if token != "" {
			v.tokens[id] = char.SpellBytes(token)
			v.ids[v.tokens[id]] = int32(id)
		}
	}
	return v
}

// rankedConfig returns a configuration with the merges that tokenizer.json needs: for each token in order of rank the
// pairs that make it, in order of their ranks, as in Hugging Face's conversion.
func (m *BPE) rankedConfig() BPEConfig {
	v := m.names()
	c := m.config
	c.Vocab = v.ids
	var pairs []table.MergeSlot
	for id := range m.raw {
		pairs = m.appendPairs(pairs[:0], int32(id))
		slices.SortFunc(pairs, func(a, b table.MergeSlot) int { return cmp.Compare(a.Pair, b.Pair) })
		for _, p := range pairs {
			c.Merges = append(c.Merges, [2]string{v.tokens[p.Pair>>32], v.tokens[uint32(p.Pair)]})
		}
	}
	return c
}
