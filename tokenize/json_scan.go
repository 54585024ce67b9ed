package tokenize

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonScan reads the long lists of a tokenizer.json, its tokens and merges, ten times as fast as package json. It reads
// only the usual spelling: on any other text its methods return false, and the caller reads the data with package json,
// whose errors name the fault.
type jsonScan struct {
	data []byte
	at   int
}

// next skips spaces and returns the next byte without consuming it, or 0 at the end of the data.
func (s *jsonScan) next() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\n', '\t', '\r':
		default:
			return c
		}
	}
	return 0
}

// skip consumes c, and spaces before it. It reports whether c was next.
func (s *jsonScan) skip(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

// each calls read for each element of a list that ends with end and whose opening bracket was consumed. It reports whether
// all elements were read.
func (s *jsonScan) each(end byte, read func() bool) bool {
	if s.skip(end) {
		return true
	}
	for read() {
		if s.skip(end) {
			return true
		}
		if !s.skip(',') {
			return false
		}
	}
	return false
}

// text reads a string.
func (s *jsonScan) text() (string, bool) {
	if !s.skip('"') {
		return "", false
	}
	start, plain, ascii := s.at, true, true
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '"':
			raw := s.data[start:s.at]
			s.at++
			if plain && (ascii || utf8.Valid(raw)) {
				return string(raw), true
			}
			var text string
			err := json.Unmarshal(s.data[start-1:s.at], &text)
			return text, err == nil
		case c == '\\':
			plain = false
			s.at++
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

// id reads a whole number without a sign.
func (s *jsonScan) id() (int32, bool) {
	n, from := 0, 0
	s.next()
	for from = s.at; s.at < len(s.data); s.at++ {
		c := s.data[s.at]
		if c < '0' || c > '9' {
			break
		}
		if n = 10*n + int(c-'0'); n > math.MaxInt32 {
			return 0, false
		}
	}
	digits := s.at - from
	return int32(n), digits == 1 || digits > 1 && s.data[from] != '0'
}

// number reads a number of valid JSON and returns its text.
func (s *jsonScan) number() (string, bool) {
	s.next()
	from := s.at
	for s.at < len(s.data) && strings.IndexByte("+-.0123456789Ee", s.data[s.at]) >= 0 {
		s.at++
	}
	number := string(s.data[from:s.at])
	_, err := strconv.ParseFloat(number, 64)
	return number, err == nil
}

// scanVocab is decodeVocab for an object in its usual spelling, in which no token occurs twice.
func scanVocab(data []byte) (map[string]int32, bool) {
	s := jsonScan{data: data}
	ids := make(map[string]int32, len(data)/16)
	ok := s.skip('{') && s.each('}', func() bool {
		token, isText := s.text()
		colon := s.skip(':')
		id, isID := s.id()
		_, twice := ids[token]
		ids[token] = id
		return isText && colon && isID && !twice
	})
	return ids, ok && s.next() == 0 && s.at == len(data)
}

// scanMerges is decodeMerges for a list of valid JSON in its usual spelling.
func scanMerges(data []byte, ids map[string]int32) ([][2]string, bool) {
	s := jsonScan{data: data}
	merges := make([][2]string, 0, len(data)/16)
	ok := s.skip('[') && s.each(']', func() bool {
		if s.skip('[') {
			left, first := s.text()
			comma := s.skip(',')
			right, second := s.text()
			merges = append(merges, [2]string{left, right})
			return first && comma && second && s.skip(']')
		}
		line, isText := s.text()
		merge, err := cutMerge(line, ids)
		merges = append(merges, merge)
		return isText && err == nil
	})
	return merges, ok
}

// scanPieces is decodePieces for a list of valid JSON in its usual spelling.
func scanPieces(data []byte) ([]ScoredPiece, bool) {
	s := jsonScan{data: data}
	pieces := make([]ScoredPiece, 0, len(data)/32)
	ok := s.skip('[') && s.each(']', func() bool {
		open := s.skip('[')
		text, isText := s.text()
		comma := s.skip(',')
		score, isNumber := s.number()
		pieces = append(pieces, ScoredPiece{Text: text, Score: readScore(score)})
		return open && isText && comma && isNumber && s.skip(']')
	})
	return pieces, ok
}

// appendJSON appends text as a JSON string, as marshal does.
func appendJSON(dst []byte, text string) ([]byte, error) {
	for _, r := range text {
		if r < ' ' || r == '"' || r == '\\' || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			quoted, err := marshal(text)
			return append(dst, quoted...), err
		}
	}
	return append(append(append(dst, '"'), text...), '"'), nil
}
