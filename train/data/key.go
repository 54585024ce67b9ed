package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"github.com/pkg/errors"
)

// A key identifies data by content: it is the SHA-256 of all ids and of the lengths of all sequences, in hexadecimal. A resumed run
// compares the key of its data with the key from its beginning.

// Key returns the key of the corpus: a checksum of its ids, by which a resumed run recognizes its data. Key reads all ids. A run uses
// the key of the whole corpus, before Split.
func (c *Corpus) Key() (string, error) {
	k := keyer{sum: sha256.New()}
	ids := make([]int32, 1<<16)
	for at := 0; at < c.Len(); {
		part := ids[:min(len(ids), c.Len()-at)]
		if err := c.Tokens(part, at); err != nil {
			return "", errors.WithMessage(err, "key")
		}
		k.ids(part)
		at += len(part)
	}
	return k.key(), nil
}

// Key returns the key of the pairs.
func (p Pairs) Key() string {
	k := keyer{sum: sha256.New()}
	for _, pair := range p {
		k.part(pair.Source)
		k.part(pair.Target)
	}
	return k.key()
}

// Key returns the key of the rows.
func (r Rows) Key() string {
	k := keyer{sum: sha256.New()}
	for _, row := range r {
		k.part(row.IDs)
		k.ids([]int32{row.Class})
	}
	return k.key()
}

// keyer hashes ids as four bytes each.
type keyer struct {
	sum   hash.Hash
	bytes []byte
}

func (k *keyer) ids(ids []int32) {
	k.bytes = k.bytes[:0]
	for _, id := range ids {
		k.bytes = binary.LittleEndian.AppendUint32(k.bytes, uint32(id))
	}
	k.sum.Write(k.bytes)
}

// part hashes the length and the ids of a sequence.
func (k *keyer) part(ids []int32) {
	k.ids([]int32{int32(len(ids))})
	k.ids(ids)
}

func (k *keyer) key() string { return hex.EncodeToString(k.sum.Sum(nil)) }
