package tokenize

import (
	"strings"
	"sync/atomic"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// BPE is the Model of byte-pair encoding. A piece begins as its bytes or its characters. The pair of neighbours with the
// lowest rank merges, the leftmost first, until no pair is left (Sennrich et al. 2016, arXiv 1508.07909; on bytes,
// Radford et al. 2019). Tokens of bytes are spelled in GPT-2's alphabet of printable characters. The results are those of
// Hugging Face's BPE, or, for a .tiktoken file, those of tiktoken.
type BPE struct {
	config  BPEConfig
	names   func() *vocabulary // the spelled tokens, computed on first use
	raw     []string           // the text or bytes of each token, by id
	start   bpeStart
	table   *table.Merges
	whole   *table.Bytes // pieces that are tokens, if merges are ignored for them
	ranks   *table.Bytes // all tokens, if their ids are the ranks; nil: the merges have ranks
	joined  *joinedRunes // the places where a text can be cut without changing a token; nil: unknown
	unknown int32        // -1: none
	omit    bool         // leave out a character without a token
	free    table.Pool[bpeScratch]
	pieces  atomic.Uint64 // number of pieces encoded with dropout
}

// BPEConfig configures a BPE. With only Vocab and Merges set it is byte-level BPE.
type BPEConfig struct {
	Vocab        map[string]int32 // token → id
	Merges       [][2]string      // pairs of tokens, in order of rank; their concatenation must be a token
	Characters   bool             // pieces begin as characters instead of bytes
	Unknown      string           // the token of a byte or character without a token; if it is "" or not in Vocab, such text is an error
	FuseUnknown  bool             // adjacent unknown characters are one token
	ByteFallback bool             // a character without a token becomes the tokens <0x00> … <0xFF> of its bytes, if all of them exist
	Prefix       string           // the prefix of tokens that do not begin a piece, such as "##"
	Suffix       string           // the suffix of tokens that end a piece, such as "</w>"
	IgnoreMerges bool             // a piece that is a token is encoded as this token, even if the merges give others
	Dropout      float64          // the probability that a merge is skipped at each step, in [0, 1], to train on varied tokens
	Seed         uint64           // the seed of Dropout: the same sequence of pieces is always encoded to the same ids
}

// NewBPE checks c and returns a BPE for it. It keeps c.
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

// textOf returns the text or bytes of a token. ok is false if the token should spell bytes and does not.
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

// join returns the token that a merge makes. The Prefix of the right token is removed.
func (c *BPEConfig) join(merge [2]string) string {
	return merge[0] + strings.TrimPrefix(merge[1], c.Prefix)
}

// Config returns the configuration of m, which must not be changed. For the BPE of a .tiktoken file it is computed: the
// merges are all ways to make a token of two others. It then gives the same ids with one exception. If two such pairs
// overlap and make the same token, as within a run of one character, Config merges the pair with the lower ids instead of
// the leftmost.
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
