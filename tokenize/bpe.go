package tokenize

import (
	"strings"

	"github.com/pkg/errors"
)

// BPE is the Model of byte-level byte-pair encoding: a piece begins as its bytes, and the pair of neighbours with the
// lowest rank merges, the leftmost first, until none is left (Sennrich et al. 2016, arXiv 1508.07909; on bytes, Radford et
// al. 2019). Tokens are spelled in GPT-2's alphabet of printable characters.
type BPE struct {
	vocabulary
	config  BPEConfig
	bytes   [256]int32 // the token of each byte, -1: none
	raw     []string   // the bytes that each token stands for, by id
	merged  []int32    // the token that each merge makes, by rank
	table   *mergeTable
	whole   map[string]int32 // bytes → token, when merges are ignored for whole tokens
	unknown int32            // -1: none
	free    chan *bpeScratch
}

// BPEConfig is what a BPE is made of.
type BPEConfig struct {
	Vocab        map[string]int32 // token → id
	Merges       [][2]string      // pairs of tokens, in order of rank; the two together must be a token
	Unknown      string           // the token of a byte that has none; "": such a byte is an error
	IgnoreMerges bool             // a piece that is a token is that token, whatever the merges would make of it
}

// NewBPE checks c, which it keeps, and makes a BPE of it.
func NewBPE(c BPEConfig) (*BPE, error) {
	m, err := newBPE(c)
	return m, errors.WithMessage(err, "tokenize: bpe")
}

func newBPE(c BPEConfig) (*BPE, error) {
	v, err := newVocabulary(c.Vocab)
	if err != nil {
		return nil, err
	}
	m := &BPE{vocabulary: v, config: c, unknown: -1, free: make(chan *bpeScratch, maxScratch)}
	if c.Unknown != "" {
		id, ok := c.Vocab[c.Unknown]
		if !ok {
			return nil, errors.Errorf("the unknown token %q is not in the vocabulary", c.Unknown)
		}
		m.unknown = id
	}
	m.readTokens()
	if err := m.readMerges(); err != nil {
		return nil, err
	}
	return m, nil
}

// readTokens fills raw, bytes and whole.
func (m *BPE) readTokens() {
	m.raw = make([]string, len(m.tokens))
	for b := range m.bytes {
		m.bytes[b] = m.unknown
	}
	if m.config.IgnoreMerges {
		m.whole = make(map[string]int32, len(m.tokens))
	}
	var buf []byte
	for token, id := range m.ids {
		var ok bool
		if buf, ok = readBytes(buf[:0], token); !ok {
			m.raw[id] = token
			continue
		}
		m.raw[id] = string(buf)
		if len(buf) == 1 {
			m.bytes[buf[0]] = id
		}
		if m.whole != nil {
			m.whole[m.raw[id]] = id
		}
	}
}

func (m *BPE) readMerges() error {
	m.table = newMergeTable(len(m.config.Merges))
	m.merged = make([]int32, len(m.config.Merges))
	for rank, merge := range m.config.Merges {
		var side [2]int32
		for i, token := range merge {
			id, ok := m.ids[token]
			if !ok {
				return errors.Errorf("merges[%d]: %q is not in the vocabulary", rank, token)
			}
			side[i] = id
		}
		id, ok := m.ids[merge[0]+merge[1]]
		if !ok {
			return errors.Errorf("merges[%d]: %q and %q make %q, which is not in the vocabulary",
				rank, merge[0], merge[1], merge[0]+merge[1])
		}
		m.table.put(side[0], side[1], int32(rank))
		m.merged[rank] = id
	}
	return nil
}

// Config returns what m was made of, to be read only.
func (m *BPE) Config() BPEConfig { return m.config }

// Tokenize implements Model.
func (m *BPE) Tokenize(dst []Token, piece string) ([]Token, error) {
	s := m.scratch()
	defer m.release(s)
	ids, err := m.encode(s, piece)
	if err != nil {
		return dst, err
	}
	at := 0
	for _, id := range ids {
		n := len(m.raw[id])
		if id == m.unknown && !strings.HasPrefix(piece[at:], m.raw[id]) {
			n = 1
		}
		end := min(at+n, len(piece))
		dst = append(dst, Token{id, Span{at, end}})
		at = end
	}
	return dst, nil
}

func (m *BPE) appendText(dst []int32, text string, sc scanner) ([]int32, error) {
	s := m.scratch()
	defer m.release(s)
	s.expect(len(text))
	for at := 0; at < len(text); {
		start, end := sc.next(text, at)
		if start == end {
			break
		}
		at = end
		key, hash, short := keyOf(text, start, end)
		short = short && s.cache != nil
		if short {
			if c := &s.cache[hash]; c.key == key {
				dst = append(dst, c.ids[:c.n]...)
				continue
			}
		}
		ids, err := m.encode(s, text[start:end])
		if err != nil {
			return dst, err
		}
		if short && len(ids) <= cachedIDs {
			s.cache[hash].store(key, ids)
		}
		dst = append(dst, ids...)
	}
	return dst, nil
}

// encode returns the ids of a piece, in memory of s.
func (m *BPE) encode(s *bpeScratch, piece string) ([]int32, error) {
	if m.whole != nil {
		if id, ok := m.whole[piece]; ok {
			s.ids = append(s.ids[:0], id)
			return s.ids, nil
		}
	}
	ids := s.ids[:0]
	for i := range len(piece) {
		id := m.bytes[piece[i]]
		if id < 0 {
			return nil, errors.Errorf("byte 0x%02x has no token: train with all bytes or name an unknown token", piece[i])
		}
		ids = append(ids, id)
	}
	s.ids = ids
	if len(ids) <= shortPiece {
		return m.mergeShort(s, ids), nil
	}
	return m.mergeLong(s, ids), nil
}
