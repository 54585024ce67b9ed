package tokenize

import "github.com/pkg/errors"

// checkByteLevel returns an error unless ByteLevel and a BPE of bytes come together.
func checkByteLevel(s Stages) error {
	m, isBPE := s.Model.(*BPE)
	ofBytes := isBPE && !m.config.Characters
	if byteLevel := hasByteLevel(s.Normalizer) || hasByteLevel(s.Splitter); byteLevel != ofBytes {
		return errors.Errorf("the model is %T (of bytes: %t), the normalizer %T, the splitter %T: ByteLevel and BPE go together",
			s.Model, ofBytes, s.Normalizer, s.Splitter)
	}
	return nil
}

// hasByteLevel tells whether a Normalizer or a Splitter is a ByteLevel or has one among its parts.
func hasByteLevel(stage any) bool {
	switch s := stage.(type) {
	case ByteLevel:
		return true
	case Splitters:
		for _, part := range s {
			if hasByteLevel(part) {
				return true
			}
		}
	case Normalizers:
		for _, part := range s {
			if hasByteLevel(part) {
				return true
			}
		}
	}
	return false
}

// scannerIn returns the fast form of the Splitter, and for a model that gets whole texts one that cuts them where that
// changes nothing; nil when there is none.
func scannerIn(s Stages) scanner {
	sc := scannerOf(s.Splitter)
	if m, ok := s.Model.(*BPE); ok && m.joined != nil && sc == (wholeScanner{}) {
		return m.joined
	}
	return sc
}
