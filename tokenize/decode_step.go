package tokenize

// joinStep is the step of a joiner. It keeps the previous token.
type joinStep struct {
	join   joiner
	before string
	begun  bool
}

func (s *joinStep) push(token string, next func(string) error) error {
	text := string(s.join.join(nil, s.before, token, !s.begun))
	s.before, s.begun = token, true
	return next(text)
}

func (*joinStep) flush(func(string) error) error { return nil }

type replaceStep struct{ Replace }

func (s replaceStep) push(token string, next func(string) error) error {
	text, err := s.replaceToken(token)
	if err != nil {
		return err
	}
	return next(text)
}

func (replaceStep) flush(func(string) error) error { return nil }

// byteStep is the step of ByteFallback. It holds back a run of byte tokens until its end shows if it is text.
type byteStep struct{ run []string }

func (s *byteStep) push(token string, next func(string) error) error {
	if _, ok := readByteToken(token); ok {
		s.run = append(s.run, token)
		return nil
	}
	if err := s.flush(next); err != nil {
		return err
	}
	return next(token)
}

func (s *byteStep) flush(next func(string) error) error {
	run := s.run
	s.run = nil
	return pushAll(ByteFallback{}.Decode(run), next)
}

func pushAll(tokens []string, next func(string) error) error {
	for _, token := range tokens {
		if err := next(token); err != nil {
			return err
		}
	}
	return nil
}

// lastStep is the step of BPEDecoder, which treats the last token differently. It holds back one token.
type lastStep struct {
	decoder BPEDecoder
	held    []string
}

func (s *lastStep) push(token string, next func(string) error) error {
	held := s.held
	s.held = []string{token}
	if len(held) == 0 {
		return nil
	}
	return next(s.decoder.Decode(append(held, token))[0])
}

func (s *lastStep) flush(next func(string) error) error {
	held := s.held
	s.held = nil
	return pushAll(s.decoder.Decode(held), next)
}

// ctcStep is the step of CTC, which compares each token with the previous one.
type ctcStep struct {
	decoder CTC
	before  string
	begun   bool
}

func (s *ctcStep) push(token string, next func(string) error) error {
	if s.begun && token == s.before {
		return nil
	}
	s.before, s.begun = token, true
	return pushAll(s.decoder.Decode([]string{token}), next)
}

func (*ctcStep) flush(func(string) error) error { return nil }

// wholeStep is the step of a Decoder that needs all tokens.
type wholeStep struct {
	decoder Decoder
	tokens  []string
	done    bool
}

func (s *wholeStep) push(token string, _ func(string) error) error {
	s.tokens = append(s.tokens, token)
	return nil
}

func (s *wholeStep) flush(next func(string) error) error {
	if s.done {
		return nil
	}
	tokens := s.tokens
	s.tokens, s.done = nil, true
	tokens, err := decode(s.decoder, tokens)
	if err != nil {
		return err
	}
	return pushAll(tokens, next)
}
