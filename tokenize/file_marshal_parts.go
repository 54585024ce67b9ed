package tokenize

// MarshalJSON writes the Normalizer as files hold it.
func (ByteLevelNormalizer) MarshalJSON() ([]byte, error) { return named("ByteLevel") }

// MarshalJSON writes the Normalizer as files hold it.
func (StripAccents) MarshalJSON() ([]byte, error) { return named("StripAccents") }

// MarshalJSON writes the Normalizer as files hold it.
func (Nmt) MarshalJSON() ([]byte, error) { return named("Nmt") }

// MarshalJSON writes the Splitter as files hold it.
func (BertSplitter) MarshalJSON() ([]byte, error) { return named("BertPreTokenizer") }

// MarshalJSON writes the Splitter as files hold it.
func (UnicodeScripts) MarshalJSON() ([]byte, error) { return named("UnicodeScripts") }

// MarshalJSON writes the Decoder as files hold it.
func (ByteFallback) MarshalJSON() ([]byte, error) { return named("ByteFallback") }

// MarshalJSON writes the Splitter as files hold it.
func (p Punctuation) MarshalJSON() ([]byte, error) {
	type fields Punctuation
	return typed("Punctuation", fields{p.behavior()})
}

// MarshalJSON writes the Normalizer as files hold it.
func (b BertNormalizer) MarshalJSON() ([]byte, error) {
	type fields BertNormalizer
	return typed("BertNormalizer", fields(b))
}

// MarshalJSON writes the Normalizer as files hold it.
func (s Strip) MarshalJSON() ([]byte, error) {
	type fields Strip
	return typed("Strip", fields(s))
}

// MarshalJSON writes the Normalizer as files hold it.
func (p Prepend) MarshalJSON() ([]byte, error) {
	type fields Prepend
	return typed("Prepend", fields(p))
}

// MarshalJSON writes the Splitter as files hold it.
func (d Digits) MarshalJSON() ([]byte, error) {
	type fields Digits
	return typed("Digits", fields(d))
}

// MarshalJSON writes the Splitter as files hold it.
func (c CharDelimiterSplit) MarshalJSON() ([]byte, error) {
	type fields CharDelimiterSplit
	return typed("CharDelimiterSplit", fields(c))
}

// MarshalJSON writes the Splitter as files hold it.
func (f FixedLength) MarshalJSON() ([]byte, error) {
	type fields FixedLength
	return typed("FixedLength", fields(f))
}

// MarshalJSON writes the PostProcessor as files hold it.
func (b BertProcessing) MarshalJSON() ([]byte, error) {
	type fields BertProcessing
	return typed("BertProcessing", fields(b))
}

// MarshalJSON writes the PostProcessor as files hold it.
func (r RobertaProcessing) MarshalJSON() ([]byte, error) {
	type fields RobertaProcessing
	return typed("RobertaProcessing", fields(r))
}

// MarshalJSON writes the Decoder as files hold it.
func (w WordPieceDecoder) MarshalJSON() ([]byte, error) {
	type fields WordPieceDecoder
	return typed("WordPiece", fields(w))
}

// MarshalJSON writes the Decoder as files hold it.
func (b BPEDecoder) MarshalJSON() ([]byte, error) {
	type fields BPEDecoder
	return typed("BPEDecoder", fields(b))
}

// MarshalJSON writes the Decoder as files hold it.
func (c CTC) MarshalJSON() ([]byte, error) {
	type fields CTC
	return typed("CTC", fields(c))
}

// MarshalJSON writes the Decoder as files hold it.
func (s StripDecoder) MarshalJSON() ([]byte, error) {
	type fields StripDecoder
	return typed("Strip", fields(s))
}
