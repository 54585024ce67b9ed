package tokenize

import (
	"strings"
	"unicode/utf8"
)

// spmDecoder is the Decoder of a sentencepiece file (sentencepiece_processor.cc, Decode). "▁" becomes a space, except for
// the space that the normalizer put in front of the text. Each byte that is not part of a character becomes U+FFFD.
// Control pieces have no text.
type spmDecoder struct{ model *SentencePiece }

// Decode implements Decoder. A token that is not a piece is left unchanged.
func (d spmDecoder) Decode(tokens []string) []string {
	s := spmState{model: d.model, first: true}
	var text []byte
	for _, token := range tokens {
		text = s.token(text, d.model.id(token), token)
	}
	return append(tokens[:0], string(d.finish(s.flush(text))))
}

// finish applies the denormalizer of the file to a whole text.
func (d spmDecoder) finish(text []byte) []byte {
	if n := &d.model.file.denormalizer; n.table != nil {
		text, _ = n.appendRewritten(nil, string(text)) // it never fails
	}
	return text
}

// begin implements idDecoder.
func (d spmDecoder) begin(texts []string) idState {
	if d.model.file.denormalizer.table != nil {
		return nil // it needs the whole text
	}
	return &spmState{model: d.model, texts: texts, first: true}
}

// spmState is the state of one text that is being decoded.
type spmState struct {
	model   *SentencePiece
	texts   []string // by id: the pieces, then the added tokens that are not pieces
	first   bool     // no text has been written and no space has been dropped
	dropped bool     // the previous token has lost its space
	written bool     // some text has been written
	bytes   []byte   // bytes of byte pieces that may begin a character
}

func (s *spmState) append(dst []byte, id int32) []byte {
	if int(id) >= len(s.model.file.pieces) {
		return s.token(dst, s.model.unknown, s.texts[id])
	}
	if s.written && len(s.bytes) == 0 && s.model.file.pieces[id].kind == spmNormal {
		return append(dst, s.model.spaced[id]...)
	}
	return s.token(dst, id, s.model.file.pieces[id].text)
}

// token appends the text of the token with this id.
func (s *spmState) token(dst []byte, id int32, token string) []byte {
	piece := &s.model.file.pieces[id]
	if piece.kind == spmByte {
		s.bytes = append(s.bytes, piece.value)
		return s.drain(dst, false)
	}
	dst = s.flush(dst)
	s.first = s.first && !s.dropped && !s.written
	s.dropped = false
	n := len(dst)
	switch {
	case piece.kind == spmControl:
	case piece.kind == spmUnknown && token == piece.text:
		dst = append(dst, s.model.file.trainer.unkSurface...)
	case piece.kind == spmUnknown:
		dst = append(dst, token...)
	default:
		if s.first {
			token = s.dropSpace(token)
		}
		dst = append(dst, withSpaces(token)...)
	}
	s.written = s.written || len(dst) > n
	return dst
}

// dropSpace removes the space that the normalizer put in front of the text. If the normalizer also removes other spaces
// in front, the next token may lose its space too.
func (s *spmState) dropSpace(token string) string {
	n := &s.model.file.normalizer
	if !n.dummyPrefix && !n.mergeSpaces {
		return token
	}
	rest, found := strings.CutPrefix(token, "▁")
	s.dropped = found && !n.mergeSpaces
	return rest
}

// drain appends the complete characters at the start of bytes. If all is set, it also appends U+FFFD for each byte of an
// incomplete one.
func (s *spmState) drain(dst []byte, all bool) []byte {
	n := 0
	for n < len(s.bytes) && (all || utf8.FullRune(s.bytes[n:])) {
		r, w := utf8.DecodeRune(s.bytes[n:])
		dst = utf8.AppendRune(dst, r)
		n += w
	}
	s.written = s.written || n > 0
	s.bytes = append(s.bytes[:0], s.bytes[n:]...)
	return dst
}

func (s *spmState) flush(dst []byte) []byte { return s.drain(dst, true) }
