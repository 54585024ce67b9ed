package tokenize

import (
	"slices"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// SentencePiece is the Model of a sentencepiece file: BPE, Unigram, words or characters. Its ids equal those of
// sentencepiece 0.1.97 (Kudo and Richardson 2018, arXiv 1808.06226). It differs from Hugging Face's models of the same
// names in the rounding of sums, in user-defined pieces, which are never cut, and in its BPE, which merges the neighbours
// whose concatenation has the highest score. LoadSentencePiece returns it together with its normalizer and decoder.
type SentencePiece struct {
	file    *spmFile
	ids     map[string]int32
	spaced  []string   // the pieces with spaces instead of "▁", by id
	bytes   [256]int32 // the ids of <0x00> … <0xFF>, if unknown characters become bytes
	unknown int32
	search  spmSearch
	free    table.Pool[spmScratch]
}

// spmSearch cuts a normalized text.
type spmSearch interface {
	// wordEnd returns the end of the part of text that begins at at and can be cut independently.
	wordEnd(text string, at int) int
	// cut returns the pieces of such a part in the memory of s.
	cut(s *spmScratch, part string) []Token
}

// spmScratch is the memory of one goroutine.
type spmScratch struct {
	viterbi viterbiScratch
	bpe     spmBPEScratch
	cache   table.Cache
	ids     []int32
}

// newSentencePiece checks f and makes the model. It adds the user-defined pieces to f's normalizer.
func newSentencePiece(f *spmFile) (*SentencePiece, error) {
	m := &SentencePiece{file: f, unknown: -1, free: table.NewPool[spmScratch]()}
	plain, err := m.readPieces()
	if err != nil {
		return nil, err
	}
	users, err := f.users()
	if err != nil {
		return nil, err
	}
	f.normalizer.users = users
	f.normalizer.setStays()
	f.denormalizer.setStays()
	switch f.trainer.model {
	case spmModelUnigram:
		m.search, err = newSPMUnigram(f, plain, m.unknown)
	case spmModelBPE:
		m.search = newSPMBPE(m, plain, users)
	case spmModelWord:
		m.search = spmWords{m}
	case spmModelChar:
		m.search = spmChars{m, users}
	default:
		err = errors.Errorf("trainer_spec: unknown model_type %d", f.trainer.model)
	}
	return m, err
}

// readPieces fills the vocabulary. It returns the ids of the pieces into which text is cut.
func (m *SentencePiece) readPieces() (plain map[string]int32, err error) {
	n := len(m.file.pieces)
	plain, m.ids = make(map[string]int32, n), make(map[string]int32, n)
	reserved := map[string]int32{}
	for i, p := range m.file.pieces {
		kind := plain
		if p.kind == spmUnknown || p.kind == spmControl || p.kind == spmByte {
			kind = reserved
		}
		if j, ok := kind[p.text]; ok {
			return nil, errors.Errorf("pieces %d and %d are both %q", j, i, p.text)
		}
		kind[p.text], m.ids[p.text] = int32(i), int32(i)
		m.spaced = append(m.spaced, withSpaces(p.text))
		if p.kind == spmUnknown {
			if m.unknown >= 0 {
				return nil, errors.Errorf("pieces %d and %d are both unknown pieces: one is needed", m.unknown, i)
			}
			m.unknown = int32(i)
		}
	}
	if m.unknown < 0 {
		return nil, errors.Errorf("none of the %d pieces is the unknown piece: one is needed", n)
	}
	for text, id := range reserved {
		m.ids[text] = id
	}
	return plain, m.readBytes(reserved)
}

// readBytes fills bytes.
func (m *SentencePiece) readBytes(reserved map[string]int32) error {
	m.bytes = byteIDs(func(s string) (int32, bool) {
		id, ok := reserved[s]
		return id, ok && m.file.pieces[id].kind == spmByte
	})
	for b, id := range m.bytes {
		if id < 0 && m.file.trainer.byteFallback {
			return errors.Errorf("byte_fallback needs the byte piece <0x%02X>, which is missing", b)
		}
	}
	for i := range m.file.pieces {
		p := &m.file.pieces[i]
		if p.kind != spmByte {
			continue
		}
		b := slices.Index(m.bytes[:], int32(i))
		if b < 0 || !m.file.trainer.byteFallback {
			return errors.Errorf("piece %d: %q is a byte piece: byte_fallback and a name from <0x00> to <0xFF> are needed", i, p.text)
		}
		p.value = byte(b)
	}
	return nil
}

// users returns the user-defined pieces, or nil if there are none.
func (f *spmFile) users() (*spmUsers, error) {
	u, texts := &spmUsers{}, map[string]int32{}
	for i, p := range f.pieces {
		if p.kind == spmUserDefined {
			texts[p.text] = int32(i)
			u.starts[p.text[0]] = true
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	var err error
	u.trie, err = table.NewTrie(texts)
	return u, err
}

// TokenToID returns the id of a piece.
func (m *SentencePiece) TokenToID(token string) (int32, bool) {
	id, ok := m.ids[token]
	return id, ok
}

// IDToToken returns the piece of an id.
func (m *SentencePiece) IDToToken(id int32) (string, bool) {
	if id < 0 || int(id) >= len(m.file.pieces) {
		return "", false
	}
	return m.file.pieces[id].text, true
}

// VocabSize returns the number of pieces.
func (m *SentencePiece) VocabSize() int { return len(m.file.pieces) }

func (m *SentencePiece) isSurface(id int32) bool { return id == m.unknown }

// id returns the id of a piece of text.
func (m *SentencePiece) id(text string) int32 {
	if id, ok := m.ids[text]; ok {
		return id
	}
	return m.unknown
}

// Tokenize implements Model. piece is a whole text, rewritten by the normalizer of the file.
func (m *SentencePiece) Tokenize(dst []Token, piece string) ([]Token, error) {
	if !utf8.ValidString(piece) {
		return tokenizeValid(m, dst, piece)
	}
	s := m.free.Get()
	defer m.release(s)
	return m.tokenize(s, dst, piece), nil
}

func (m *SentencePiece) tokenize(s *spmScratch, dst []Token, text string) []Token {
	n := len(dst)
	for at := 0; at < len(text); {
		end := m.search.wordEnd(text, at)
		for _, token := range m.search.cut(s, text[at:end]) {
			token.Start, token.End = at+token.Start, at+token.End
			last := len(dst) - 1
			switch {
			case token.ID != m.unknown:
				dst = append(dst, token)
			case m.file.trainer.byteFallback:
				for i := token.Start; i < token.End; i++ {
					dst = append(dst, Token{m.bytes[text[i]], Span{i, i + 1}})
				}
			case last >= n && dst[last].ID == m.unknown:
				dst[last].End = token.End
			default:
				dst = append(dst, token)
			}
		}
		at = end
	}
	return dst
}

// release makes s available for reuse, unless it has grown large.
func (m *SentencePiece) release(s *spmScratch) {
	if max(cap(s.viterbi.ends), cap(s.bpe.symbols)) <= keepSymbols {
		m.free.Put(s)
	}
}
