package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// omitter is a Model that can leave out text without a token instead of returning an error.
type omitter interface{ omitting() Model }

// omitting returns a copy of m that leaves out characters without a token; their neighbours merge.
func (m *BPE) omitting() Model {
	if m.start.plain || m.unknown >= 0 {
		return m
	}
	return &BPE{config: m.config, names: m.names, raw: m.raw, start: m.start, table: m.table, whole: m.whole, ranks: m.ranks,
		unknown: -1, omit: true, free: table.NewPool[bpeScratch]()}
}

// known returns piece without the characters that have no token.
func (m *BPE) known(piece Text) Text {
	b := piece.builder()
	for at := 0; at < len(piece.s); {
		id, width := m.start.find(&m.config, piece.s, at)
		if id >= 0 || len(m.fall(nil, piece.s, Span{at, at + width})) > 0 {
			b.WriteText(piece.Slice(at, at+width))
		}
		at += width
	}
	return b.Text()
}

// omitting returns a copy of m that leaves out runs of unknown characters.
func (m *Unigram) omitting() Model {
	if m.config.Unknown >= 0 {
		return m
	}
	return &Unigram{config: m.config, ids: m.ids, viterbi: m.viterbi, bytes: m.bytes, omit: true, free: table.NewPool[viterbiScratch]()}
}

// omitting returns a copy of m that leaves out pieces that cannot be cut into tokens.
func (m *WordPiece) omitting() Model {
	omitting := *m
	omitting.omit = m.unknown < 0
	return &omitting
}

// omitting returns a copy of m that leaves out pieces outside the vocabulary.
func (m *WordLevel) omitting() Model {
	omitting := *m
	omitting.omit = m.unknownID < 0
	return &omitting
}
