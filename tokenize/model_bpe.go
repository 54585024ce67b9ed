package tokenize

import (
	"strings"
	"sync/atomic"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// BPE is the Model of byte-pair encoding: a piece begins as its bytes or its characters, and the pair of neighbours with
// the lowest rank merges, the leftmost first, until none is left (Sennrich et al. 2016, arXiv 1508.07909; on bytes, Radford
// et al. 2019). Tokens of bytes are spelled in GPT-2's alphabet of printable characters. It does what the BPE of Hugging
// Face tokenizers does, and as read from a .tiktoken file what tiktoken does.
type BPE struct {
	config  BPEConfig
	names   func() *vocabulary // the tokens as they are spelled, worked out when first needed
	raw     []string           // the text or bytes that each token stands for, by id
	start   bpeStart
	table   *table.Merges
	whole   *table.Bytes // pieces that are tokens, when merges are ignored for them
	ranks   *table.Bytes // all tokens, when their ids are the ranks; nil: the merges have ranks
	joined  *joinedRunes // where a text can be cut without changing a token; nil: unknown
	unknown int32        // -1: none
	omit    bool         // a character without a token is left out
	free    table.Pool[bpeScratch]
	pieces  atomic.Uint64 // encoded so far, with dropout
}

// BPEConfig is what a BPE is made of. Its zero value but for Vocab and Merges is byte-level BPE.
type BPEConfig struct {
	Vocab        map[string]int32 // token → id
	Merges       [][2]string      // pairs of tokens, in order of rank; the two together must be a token
	Characters   bool             // pieces begin as characters instead of bytes
	Unknown      string           // the token of a byte or character that has none; if it is "" or not in Vocab, such a one is an error
	FuseUnknown  bool             // unknown ones side by side are one token
	ByteFallback bool             // a character without a token is the tokens <0x00> … <0xFF> of its bytes, when all are there
	Prefix       string           // what the tokens of all characters but a piece's first begin with, as "##"
	Suffix       string           // what the token of a piece's last character ends with, as "</w>"
	IgnoreMerges bool             // a piece that is a token is that token, whatever the merges would make of it
	Dropout      float64          // the chance that a merge is left out at each step, in [0, 1], to train on varied tokens
	Seed         uint64           // of Dropout: pieces encoded one after the other are cut the same again
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
	if !(0 <= c.Dropout && c.Dropout <= 1) {
		return nil, errors.Errorf("dropout: got %v, want 0 to 1", c.Dropout)
	}
	m := &BPE{config: c, unknown: -1, free: table.NewPool[bpeScratch]()}
	m.names = func() *vocabulary { return &v }
	if id, ok := c.Vocab[c.Unknown]; ok && c.Unknown != "" {
		m.unknown = id
	}
	m.readTokens(&v)
	if err := m.readMerges(&v); err != nil {
		return nil, err
	}
	m.joined = m.newJoinedRunes()
	return m, nil
}

// readTokens fills raw, start and whole.
func (m *BPE) readTokens(v *vocabulary) {
	m.raw = make([]string, len(v.tokens))
	m.start = newBPEStart()
	if m.config.IgnoreMerges {
		m.whole = table.NewBytes(m.raw)
	}
	for id, token := range v.tokens {
		if _, ok := v.IDToToken(int32(id)); !ok {
			continue
		}
		var ok bool
		m.raw[id], ok = m.textOf(token)
		m.start.read(&m.config, token, int32(id))
		if m.whole != nil && ok {
			m.whole.Add(int32(id))
		}
	}
	m.start.finish(&m.config)
}

// textOf returns what a token stands for. It is false when that is to be bytes and the token spells none.
func (m *BPE) textOf(token string) (string, bool) {
	if m.config.Characters {
		return token, true
	}
	raw, ok := char.ReadBytes(nil, token)
	if !ok {
		return token, false
	}
	return string(raw), true
}

func (m *BPE) readMerges(v *vocabulary) error {
	m.table = table.NewMerges(len(m.config.Merges))
	for rank, merge := range m.config.Merges {
		var side [2]int32
		for i, token := range merge {
			id, ok := v.ids[token]
			if !ok {
				return errors.Errorf("merges[%d]: %q is not in the vocabulary", rank, token)
			}
			side[i] = id
		}
		id, ok := v.ids[m.config.join(merge)]
		if !ok {
			return errors.Errorf("merges[%d]: %q and %q make %q, which is not in the vocabulary",
				rank, merge[0], merge[1], m.config.join(merge))
		}
		m.table.Put(table.PairOf(side[0], side[1]), table.NewMerge(int32(rank), id))
	}
	return nil
}

// join returns the token that a merge makes: the Prefix of the right one goes.
func (c *BPEConfig) join(merge [2]string) string {
	return merge[0] + strings.TrimPrefix(merge[1], c.Prefix)
}

// Config returns what m was made of, to be read only. For the BPE of a .tiktoken file it is worked out, the merges being
// all ways to put two tokens together to a third, and the same but for one thing: where two of them overlap and make the
// same token, as within a run of one character, Config merges the one with the lower ids and not the leftmost.
func (m *BPE) Config() BPEConfig {
	if m.ranks == nil {
		return m.config
	}
	return m.rankedConfig()
}

// TokenToID implements Model.
func (m *BPE) TokenToID(token string) (int32, bool) {
	if m.ranks == nil {
		return m.names().TokenToID(token)
	}
	raw, ok := char.ReadBytes(nil, token)
	if !ok {
		return 0, false
	}
	return m.ranks.Find(string(raw))
}

// IDToToken implements Model.
func (m *BPE) IDToToken(id int32) (string, bool) {
	if id < 0 || int(id) >= len(m.raw) {
		return "", false
	}
	if m.ranks != nil {
		if m.raw[id] == "" {
			return "", false
		}
		return m.names().tokens[id], true
	}
	return m.names().IDToToken(id)
}

// VocabSize implements Model.
func (m *BPE) VocabSize() int { return len(m.raw) }
