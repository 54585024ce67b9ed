package tokenize

// firstOnly is the Normalizer of a sentencepiece file that adds its space only at the start of the text, not after an
// added token. "legacy": false in a tokenizer_config.json selects it.
type firstOnly struct{ *spmNormalizer }

// Normalize implements Normalizer.
func (n firstOnly) Normalize(t Text) Text {
	if t.Span(0, 0).Start == 0 {
		return n.spmNormalizer.Normalize(t)
	}
	inner := *n.spmNormalizer
	inner.dummyPrefix = false
	return inner.Normalize(t)
}

func isFirstOnly(n Normalizer) bool {
	_, ok := n.(firstOnly)
	return ok
}
