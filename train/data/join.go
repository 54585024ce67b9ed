package data

import (
	"sort"

	"github.com/pkg/errors"
)

// Join returns a corpus of the tokens of all corpora, one after the other. It keeps the corpora and does not copy them. Close closes them.
func Join(corpora ...*Corpus) (*Corpus, error) {
	j := &joined{}
	for _, c := range corpora {
		if c == nil || c.Len() == 0 {
			return nil, errors.New("data: corpus: join of an empty corpus")
		}
		j.add(piece{c}, c.Len())
	}
	if len(corpora) == 0 {
		return nil, errors.New("data: corpus: join of no corpora")
	}
	return &Corpus{name: corpora[0].name, ids: j, hi: j.len()}, nil
}

// joined is several stores of ids, one after the other.
type joined struct {
	parts []tokens
	ends  []int // position after each part
}

func (j *joined) add(t tokens, n int) {
	j.parts, j.ends = append(j.parts, t), append(j.ends, j.len()+n)
}

func (j *joined) len() int {
	if len(j.ends) == 0 {
		return 0
	}
	return j.ends[len(j.ends)-1]
}

func (j *joined) read(dst []int32, at int) error {
	for k := sort.SearchInts(j.ends, at+1); len(dst) > 0; k++ {
		begin := 0
		if k > 0 {
			begin = j.ends[k-1]
		}
		n := min(len(dst), j.ends[k]-at)
		if err := j.parts[k].read(dst[:n], at-begin); err != nil {
			return err
		}
		dst, at = dst[n:], at+n
	}
	return nil
}

func (j *joined) largest() (id int32) {
	for _, p := range j.parts {
		id = max(id, p.largest())
	}
	return id
}

func (j *joined) verify() (err error) {
	for _, p := range j.parts {
		if e := p.verify(); err == nil {
			err = e
		}
	}
	return err
}

// Close implements tokens.
func (j *joined) Close() (err error) {
	for _, p := range j.parts {
		if e := p.Close(); err == nil {
			err = e
		}
	}
	return err
}

// piece is the part of a store that a corpus covers.
type piece struct{ *Corpus }

func (p piece) read(dst []int32, at int) error { return p.ids.read(dst, p.lo+at) }
func (p piece) largest() int32                 { return p.ids.largest() }
func (p piece) verify() error                  { return p.ids.verify() }
func (p piece) Close() error                   { return p.ids.Close() }
