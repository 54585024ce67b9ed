package tokenize

// A regular expression that backtracks may take too long on a text, which is an error. The interfaces of the stages have
// no error, so the stages that run such an expression implement these interfaces too, and a Tokenizer and the trainers
// call them in place of the exported methods.
type (
	fallibleNormalizer interface{ normalize(t Text) (Text, error) }
	fallibleSplitter   interface {
		split(dst []Text, t Text) ([]Text, error)
	}
	fallibleDecoder interface {
		decode(tokens []string) ([]string, error)
	}
)

// normalize returns t as n rewrites it; nil returns t.
func normalize(n Normalizer, t Text) (Text, error) {
	if n == nil {
		return t, nil
	}
	if f, ok := n.(fallibleNormalizer); ok {
		return f.normalize(t)
	}
	return n.Normalize(t), nil
}

// split appends the pieces of t that s makes to dst.
func split(s Splitter, dst []Text, t Text) ([]Text, error) {
	if f, ok := s.(fallibleSplitter); ok {
		return f.split(dst, t)
	}
	return s.Split(dst, t), nil
}

// decode returns tokens as d rewrites them.
func decode(d Decoder, tokens []string) ([]string, error) {
	if f, ok := d.(fallibleDecoder); ok {
		return f.decode(tokens)
	}
	return d.Decode(tokens), nil
}
