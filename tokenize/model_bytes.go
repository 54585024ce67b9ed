package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// checkByteLevel returns an error if the Model is a BPE of bytes and the Splitter has no ByteLevel.
func checkByteLevel(s Stages) error {
	if ofBytes(s.Model) && !hasByteLevel(s.Splitter) {
		return errors.Errorf("the model is a BPE of bytes and the splitter %T: it needs a ByteLevel", s.Splitter)
	}
	return nil
}

func ofBytes(m Model) bool {
	bpe, ok := m.(*BPE)
	return ok && !bpe.config.Characters
}

// isSpelled reports whether the model gets the bytes of a piece in the spelling of ByteLevel. A BPE of bytes gets the
// bytes themselves.
func isSpelled(s Stages) bool { return hasByteLevel(s.Splitter) && !ofBytes(s.Model) }

// scannerIn returns the fast form of the Splitter, or nil. For a model that gets whole texts it is a scanner that cuts
// only where a cut does not change the tokens. A non-nil respell rewrites the text before it is scanned.
func scannerIn(s Stages) (sc scan.Scanner, respell respellFunc) {
	if respell, sc = respeller(s.Splitter, s.Normalizer == nil); sc == nil {
		sc = scannerOf(s.Splitter)
	}
	if m, ok := s.Model.(*BPE); ok && m.joined != nil && sc == (scan.Whole{}) {
		return m.joined, respell
	}
	return sc, respell
}
