package tokenize

import "strings"

// decodeStep is a Decoder that takes one token at a time. It passes a token on once no later token can change it.
type decodeStep interface {
	push(token string, next func(string) error) error
	flush(next func(string) error) error // at the end of the text
}

// decodeSteps is any Decoder as a list of steps, for a Stream.
type decodeSteps struct {
	steps []decodeStep
	out   []byte
}

func newDecodeSteps(d Decoder) *decodeSteps {
	s := &decodeSteps{}
	s.add(d)
	for i := range s.steps {
		s.steps[i] = s.fused(i)
	}
	return s
}

// add appends the steps of d, which may be a nested list.
func (s *decodeSteps) add(d Decoder) {
	switch d := d.(type) {
	case Decoders:
		for _, part := range d {
			s.add(part)
		}
	case Replace:
		s.steps = append(s.steps, replaceStep{d})
	case ByteFallback:
		s.steps = append(s.steps, &byteStep{})
	case BPEDecoder:
		s.steps = append(s.steps, &lastStep{decoder: d})
	case CTC:
		s.steps = append(s.steps, &ctcStep{decoder: d})
	case Fuse:
		s.steps = append(s.steps, &wholeStep{decoder: d})
	case ByteLevel:
		s.steps = append(s.steps, &joinStep{join: d}, &wholeStep{decoder: Fuse{}})
	case joiner:
		s.steps = append(s.steps, &joinStep{join: d})
	default:
		s.steps = append(s.steps, &wholeStep{decoder: d})
	}
}

// fused returns step i in a form that holds nothing back. It does so for a Fuse at the end, for a Fuse followed only by a
// StripDecoder of the start of the text, and for this StripDecoder itself.
func (s *decodeSteps) fused(i int) decodeStep {
	isFuse := func(i int) bool {
		w, ok := s.steps[i].(*wholeStep)
		return ok && w.decoder == Decoder(Fuse{})
	}
	stripsStart := func(i int) bool {
		j, ok := s.steps[i].(*joinStep)
		if !ok {
			return false
		}
		d, ok := j.join.(StripDecoder)
		return ok && d.Stop <= 0
	}
	switch last := len(s.steps) - 1; {
	case i == last && isFuse(i), i == last-1 && isFuse(i) && stripsStart(last):
		return passStep{}
	case i == last && i > 0 && stripsStart(i) && s.steps[i-1] == decodeStep(passStep{}):
		d := s.steps[i].(*joinStep).join.(StripDecoder)
		return &startStep{content: d.Content, left: d.Start}
	}
	return s.steps[i]
}

// push appends the text that token completes to dst.
func (s *decodeSteps) push(dst []byte, token string) ([]byte, error) {
	s.out = dst
	err := s.pushTo(0, token)
	return s.out, err
}

func (s *decodeSteps) pushTo(i int, token string) error {
	if i == len(s.steps) {
		s.out = append(s.out, token...)
		return nil
	}
	return s.steps[i].push(token, func(token string) error { return s.pushTo(i+1, token) })
}

// flush appends the text that is held back to dst.
func (s *decodeSteps) flush(dst []byte) ([]byte, error) {
	s.out = dst
	for i, step := range s.steps {
		if err := step.flush(func(token string) error { return s.pushTo(i+1, token) }); err != nil {
			return s.out, err
		}
	}
	return s.out, nil
}

// passStep is Fuse if only the concatenation of its tokens matters.
type passStep struct{}

func (passStep) push(token string, next func(string) error) error { return next(token) }
func (passStep) flush(func(string) error) error                   { return nil }

// startStep strips the start of the concatenated tokens.
type startStep struct {
	content string
	left    int
	held    string // a prefix of the content
}

func (s *startStep) push(token string, next func(string) error) error {
	text := s.held + token
	s.held = ""
	for s.left > 0 && s.content != "" {
		rest, ok := strings.CutPrefix(text, s.content)
		if !ok {
			if strings.HasPrefix(s.content, text) {
				s.held = text
				return nil
			}
			s.left = 0
			break
		}
		text = rest
		s.left--
	}
	return next(text)
}

func (s *startStep) flush(next func(string) error) error {
	held := s.held
	s.held = ""
	return next(held)
}
