package tokenize

// subwordStages are the Splitter and the Decoder of subwords made of characters. Without prefix and suffix a text decodes to
// itself, but for a space that it begins with.
func subwordStages(prefix, suffix string, bytes bool) *Stages {
	switch {
	case suffix != "":
		return &Stages{Splitter: BertSplitter{}, Decoder: BPEDecoder{suffix}}
	case prefix != "":
		return &Stages{Splitter: BertSplitter{}, Decoder: WordPieceDecoder{Prefix: prefix, Cleanup: true}}
	case bytes:
		return &Stages{Splitter: metaspaceWords(), Decoder: Decoders{ByteFallback{}, Metaspace{}}}
	}
	return &Stages{Splitter: metaspaceWords(), Decoder: Metaspace{}}
}

// metaspaceWords cuts words with a mark in front, and newlines, so that no token holds one together with a word.
func metaspaceWords() Splitter {
	return Splitters{Metaspace{}, Split{Pattern: "\n", Behavior: Isolated}}
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
