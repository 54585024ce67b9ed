package data

import (
	"os"

	"github.com/pkg/errors"
)

// Corpus is a long sequence of token ids, in memory or in a token file. The file is mapped, so that a corpus may be larger than
// memory. It is safe to read from several goroutines.
type Corpus struct {
	name   string
	ids    tokens
	lo, hi int
}

// tokens is a store of ids.
type tokens interface {
	read(dst []int32, at int) error
	largest() int32
	verify() error
	Close() error
}

// NewCorpus returns a corpus of ids in memory. It keeps the slice and does not copy it. A negative id is an error.
func NewCorpus(ids []int32) (*Corpus, error) {
	m := &memory{ids: ids}
	for i, id := range ids {
		if id < 0 {
			return nil, errors.Errorf("data: corpus: id %d at position %d is negative", id, i)
		}
		m.maxID = max(m.maxID, id)
	}
	return &Corpus{name: "in memory", ids: m, hi: len(ids)}, nil
}

// OpenCorpus opens a token file: one written by Text.Corpus, or one of llm.c, whose header names its type. The size of the file must match
// its header. Up to 256 MiB, OpenCorpus also checks the ids against their checksum; for larger files, call Verify. A file of llm.c has
// no checksum and no largest id, so OpenCorpus reads it once. For other formats and folders of files, see OpenShards.
func OpenCorpus(path string) (*Corpus, error) {
	info, err := os.Stat(path)
	t, err := openTokens(path, "", nil, err == nil && info.Size() <= sumLimit)
	if err != nil {
		return nil, errors.WithMessage(err, "data: corpus")
	}
	return &Corpus{name: path, ids: t, hi: t.count}, nil
}

// Len returns the number of tokens.
func (c *Corpus) Len() int { return c.hi - c.lo }

// MaxID returns the largest id of the whole corpus, even for a part of a Split. A model needs a vocabulary of at least MaxID+1.
func (c *Corpus) MaxID() int32 { return c.ids.largest() }

// Verify reads all ids of a token file and compares their checksum. For a corpus in memory it does nothing.
func (c *Corpus) Verify() error { return errors.WithMessage(c.ids.verify(), "data: corpus") }

// Close unmaps the token file. All parts of a Split share the file. Reading any of them is then an error.
func (c *Corpus) Close() error { return errors.WithMessage(c.ids.Close(), "data: corpus") }

// Tokens fills dst with the ids that start at position at.
func (c *Corpus) Tokens(dst []int32, at int) error {
	if at < 0 || at > c.Len()-len(dst) {
		return errors.Errorf("data: corpus: %s: %d tokens from position %d, want them within 0 … %d", c.name, len(dst), at, c.Len())
	}
	return errors.WithMessage(c.ids.read(dst, c.lo+at), "data: corpus")
}

// Split splits the corpus into two parts: the first fraction for training and the rest for validation. It is an error if either part
// is empty.
func (c *Corpus) Split(fraction float64) (train, valid *Corpus, err error) {
	n := int(fraction * float64(c.Len()))
	if !(fraction > 0 && fraction < 1) || n == 0 || n == c.Len() {
		return nil, nil, errors.Errorf("data: corpus: %s: split of %d tokens at %v, want a fraction that leaves some on both sides",
			c.name, c.Len(), fraction)
	}
	first, rest := *c, *c
	first.hi, rest.lo = c.lo+n, c.lo+n
	return &first, &rest, nil
}

// memory holds ids in memory.
type memory struct {
	ids   []int32
	maxID int32
}

func (m *memory) read(dst []int32, at int) error { copy(dst, m.ids[at:]); return nil }
func (m *memory) largest() int32                 { return m.maxID }
func (m *memory) verify() error                  { return nil }
func (m *memory) Close() error                   { return nil }

func (t *tokenFile) largest() int32 { return t.maxID }
