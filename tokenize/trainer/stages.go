package trainer

import "github.com/gorgoformer/gorgoformer/tokenize"

// subwordStages returns the default Splitter and Decoder of subwords of characters. Without prefix and suffix, decoding
// restores a text except for one leading space.
func subwordStages(prefix, suffix string, bytes bool) tokenize.Stages {
	switch {
	case suffix != "":
		return tokenize.Stages{Splitter: tokenize.BertSplitter{}, Decoder: tokenize.BPEDecoder{Suffix: suffix}}
	case prefix != "":
		return tokenize.Stages{Splitter: tokenize.BertSplitter{}, Decoder: tokenize.WordPieceDecoder{Prefix: prefix, Cleanup: true}}
	case bytes:
		return tokenize.Stages{Splitter: metaspaceWords(), Decoder: tokenize.Decoders{tokenize.ByteFallback{}, tokenize.Metaspace{}}}
	}
	return tokenize.Stages{Splitter: metaspaceWords(), Decoder: tokenize.Metaspace{}}
}

// metaspaceWords cuts words with a mark in front, and newlines, so that no token holds a newline together with a word.
func metaspaceWords() tokenize.Splitter {
	return tokenize.Splitters{tokenize.Metaspace{}, tokenize.Split{Pattern: "\n", Behavior: tokenize.Isolated}}
}

// override returns s with the given stages. A nil stage keeps that of s.
func override(s tokenize.Stages, splitter tokenize.Splitter, decoder tokenize.Decoder) tokenize.Stages {
	if splitter != nil {
		s.Splitter = splitter
	}
	if decoder != nil {
		s.Decoder = decoder
	}
	return s
}
