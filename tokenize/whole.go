package tokenize

// Truncation and Padding of a tokenizer.json serve whoever encodes single texts for one model: Encode, EncodeAll, EncodePair and
// their Detailed forms apply them. They must not reach a corpus or a prompt, which would lose text or gain padding. This file
// is the only place that decides it: AppendEncode, CountTokens and TruncateText use whole, programs use ForText.

// ForText returns a copy of t for text that a model learns from or continues: all of its tokens and no others. Nothing is cut,
// padded or added, whatever the file of t says.
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
