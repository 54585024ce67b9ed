package tokenize

// subwordStages are the Splitter and the Decoder of subwords made of characters. Without prefix and suffix they are such that
// a text decodes to itself.
func subwordStages(prefix, suffix string, bytes bool) *Stages {
	return &Stages{Splitter: WhitespaceSplit{}, Decoder: Fuse{}}
}

// replace puts other stages in the place of those of s, unless they are nil.
func (s *Stages) replace(splitter Splitter, decoder Decoder) {
	if splitter != nil {
		s.Splitter = splitter
	}
	if decoder != nil {
		s.Decoder = decoder
	}
}
