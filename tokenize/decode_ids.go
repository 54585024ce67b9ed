package tokenize

// idDecoder is a Decoder that can also decode one id at a time, for speed and for a Stream.
type idDecoder interface {
	// begin returns the state before the first id of a text, or nil if the Decoder needs the whole text. texts holds the
	// token of each id.
	begin(texts []string) idState
}

// idState is the state of one text that is being decoded.
type idState interface {
	// append appends the text that id completes to dst. It may hold back the beginning of a character.
	append(dst []byte, id int32) []byte
	// flush appends the text that is held back, at the end of the text.
	flush(dst []byte) []byte
}

// beginText returns the state of a new text, or nil if the Decoder cannot decode one id at a time.
func (c *core) beginText() idState {
	if c.chain != nil {
		return c.chain.begin()
	}
	if d, ok := c.stages.Decoder.(idDecoder); ok {
		return d.begin(c.texts)
	}
	return nil
}
