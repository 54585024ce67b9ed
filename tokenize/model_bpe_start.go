package tokenize

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"github.com/pkg/errors"
)

// A place in a piece determines the token of a character.
const (
	placeLater = 1 << iota // not the first character: the token has the Prefix
	placeLast              // the last character: the token has the Suffix
	places     = 1 << iota
)

// bpeStart maps the bytes or characters of a piece to their first tokens, by place. -1 is no token.
type bpeStart struct {
	bytes    [places][256]int32     // bytes, or ASCII characters
	runes    [places]map[rune]int32 // other characters
	fallback [256]int32             // the tokens <0x00> … <0xFF>, with ByteFallback
	plain    bool                   // every byte has a token, which is the same at every place
	whole    bool                   // fallback has all bytes
}

func newBPEStart() (s bpeStart) {
	for p := range s.bytes {
		for b := range s.bytes[p] {
			s.bytes[p][b] = -1
		}
		s.runes[p] = map[rune]int32{}
	}
	return s
}

// read adds one token of the vocabulary to s.
func (s *bpeStart) read(c *BPEConfig, token string, id int32) {
	for place := range places {
		symbol := token
		if place&placeLater != 0 {
			if !strings.HasPrefix(symbol, c.Prefix) {
				continue
			}
			symbol = symbol[len(c.Prefix):]
		}
		if place&placeLast != 0 {
			if !strings.HasSuffix(symbol, c.Suffix) {
				continue
			}
			symbol = symbol[:len(symbol)-len(c.Suffix)]
		}
		r, w := utf8.DecodeRuneInString(symbol)
		switch {
		case w != len(symbol) || w == 0:
		case !c.Characters && int(r) < len(char.RuneBytes) && char.RuneBytes[r] != 0:
			s.bytes[place][char.RuneBytes[r]-1] = id
		case !c.Characters:
		case r < utf8.RuneSelf:
			s.bytes[place][r] = id
		default:
			s.runes[place][r] = id
		}
	}
}

// finish sets the fields that depend on all tokens.
func (s *bpeStart) finish(c *BPEConfig) {
	if c.ByteFallback {
		s.fallback = byteIDs(func(token string) (int32, bool) {
			id, ok := c.Vocab[token]
			return id, ok
		})
	}
	s.plain = !c.Characters && c.Prefix == "" && c.Suffix == ""
	s.whole = c.ByteFallback
	for b := range 256 {
		s.plain = s.plain && s.bytes[0][b] >= 0
		s.whole = s.whole && s.fallback[b] >= 0
	}
}

// begin appends the first tokens of piece.
func (m *BPE) begin(ids []int32, piece string) ([]int32, error) {
	if m.start.plain {
		for i := range len(piece) {
			ids = append(ids, m.start.bytes[0][piece[i]])
		}
		return ids, nil
	}
	unknown := false // the previous token is the unknown token
	for at := 0; at < len(piece); {
		id, width := m.start.find(&m.config, piece, at)
		n := len(ids)
		if id >= 0 {
			ids = append(ids, id)
		} else {
			ids = m.fall(ids, piece, Span{at, at + width})
		}
		switch {
		case len(ids) > n:
			unknown = false
		case m.omit:
		case m.unknown < 0:
			return nil, m.noToken(piece[at : at+width])
		default:
			if !unknown || !m.config.FuseUnknown {
				ids = append(ids, m.unknown)
			}
			unknown = true
		}
		at += width
	}
	return ids, nil
}

func (m *BPE) noToken(symbol string) error {
	if m.config.Unknown != "" {
		return errors.Errorf("%q has no token and the unknown token %q is not in the vocabulary: set OmitUnknown to leave it out", symbol, m.config.Unknown)
	}
	if !m.config.Characters {
		return errors.Errorf("byte 0x%02x has no token: train with all bytes, name an unknown token or set OmitUnknown", symbol[0])
	}
	return errors.Errorf("character %q has no token: train on text that has it, name an unknown token or set OmitUnknown", symbol)
}

// find returns the token of the byte or character at piece[at], or -1, and its width. A byte that is not part of a
// character is read as U+FFFD.
func (s *bpeStart) find(c *BPEConfig, piece string, at int) (id int32, width int) {
	place, width := 0, 1
	r, isByte := rune(piece[at]), !c.Characters || piece[at] < utf8.RuneSelf
	if !isByte {
		r, width = utf8.DecodeRuneInString(piece[at:])
	}
	if at > 0 {
		place = placeLater
	}
	if at+width == len(piece) {
		place |= placeLast
	}
	if isByte {
		return s.bytes[place][r], width
	}
	if id, ok := s.runes[place][r]; ok {
		return id, width
	}
	return -1, width
}

// fall appends the tokens of the bytes of a character, or none if some byte has no token. As in Hugging Face's
// implementation, a Prefix or Suffix is also spelled in bytes.
func (m *BPE) fall(ids []int32, piece string, symbol Span) []int32 {
	if !m.config.ByteFallback {
		return ids
	}
	text := piece[symbol.Start:symbol.End]
	if !m.config.Characters {
		text = string(char.ByteRunes[text[0]])
	}
	if symbol.Start > 0 {
		text = m.config.Prefix + text
	}
	if symbol.End == len(piece) {
		text += m.config.Suffix
	}
	n := len(ids)
	for i := range len(text) {
		id := m.start.fallback[text[i]]
		if id < 0 {
			return ids[:n]
		}
		ids = append(ids, id)
	}
	return ids
}
