package tokenize

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// Stream decodes ids one by one, for text that is shown while it is generated. It never shows half a character: bytes
// that may begin a character are held back until the rest arrives. Text that a later id can still change is also held
// back: a run of byte tokens, or, if a Decoder needs the whole text, everything until Flush. The concatenation of all
// results equals the result of Decode.
type Stream struct {
	t      *Tokenizer
	held   []byte       // text not shown yet
	before string       // the previous token
	begun  bool         // a token has been written
	state  idState      // for a Decoder that takes one id at a time
	steps  *decodeSteps // for any other Decoder that is not a joiner
}

// Stream returns a new Stream for one text. It must be used by one goroutine.
func (t *Tokenizer) Stream() *Stream {
	s := &Stream{t: t, state: t.beginText()}
	if s.state == nil && t.join == nil {
		s.steps = newDecodeSteps(t.stages.Decoder)
	}
	return s
}

// Write takes the next id and returns the text that it completes. Often this is the whole text of the token, sometimes
// "".
func (s *Stream) Write(id int32) (string, error) {
	if err := s.t.checkID(id); err != nil {
		return "", errors.WithMessage(err, "tokenize: stream")
	}
	if s.t.SkipSpecial && s.t.IsSpecial(id) {
		return "", nil
	}
	text := s.t.texts[id]
	switch {
	case s.state != nil:
		s.held = s.state.append(s.held, id)
	case s.steps != nil:
		var err error
		if s.held, err = s.steps.push(s.held, text); err != nil {
			return "", errors.WithMessage(err, "tokenize: stream")
		}
	default:
		s.held = s.t.join.join(s.held, s.before, text, !s.begun)
		s.before, s.begun = text, true
	}
	return s.show(wholeLen(s.held)), nil
}

// Flush returns the text that is held back, at the end of the text. It includes bytes that never became a character.
func (s *Stream) Flush() (string, error) {
	switch {
	case s.state != nil:
		s.held = s.state.flush(s.held)
	case s.steps != nil:
		var err error
		if s.held, err = s.steps.flush(s.held); err != nil {
			return "", errors.WithMessage(err, "tokenize: stream")
		}
	}
	return s.show(len(s.held)), nil
}

// show returns the first n bytes that are held back and keeps the rest.
func (s *Stream) show(n int) string {
	out := string(s.held[:n])
	s.held = append(s.held[:0], s.held[n:]...)
	return out
}

// wholeLen returns the length of b without trailing bytes that may begin a character.
func wholeLen(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return len(b) - n
			}
			break
		}
	}
	return len(b)
}
