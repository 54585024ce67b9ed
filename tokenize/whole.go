package tokenize

// Truncation and Padding of a tokenizer.json are meant for single texts that are encoded for a model. Encode, EncodeAll,
// EncodePair and their Detailed forms apply them. They must not apply to a corpus or a prompt, which would lose text or
// gain padding. Only this file decides it: AppendEncode, CountTokens and TruncateText call whole, and programs call
// ForText.

// ForText returns a copy of t for text that a model learns from or continues. The copy gives the tokens of the text only:
// nothing is cut, padded or added, regardless of the file of t.
func (t *Tokenizer) ForText() *Tokenizer {
	text := t.whole()
	text.Bare = true
	return text
}

// whole returns a copy of t without Truncation and Padding.
func (t *Tokenizer) whole() *Tokenizer {
	all := *t
	all.Truncation, all.Padding = nil, nil
	return &all
}

// cutsOrPads reports whether Encode does more than AppendEncode.
func (t *Tokenizer) cutsOrPads() bool { return t.Truncation != nil || t.Padding != nil }
