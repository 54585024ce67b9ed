package tokenize

import "slices"

// Encoding holds the details of the tokens of a text or a pair of texts. Its slices have one entry per token.
type Encoding struct {
	IDs       []int32
	Tokens    []string // as spelled in the vocabulary; an added token includes the spaces that it covers
	Offsets   []Span   // in the text: bytes, or runes with RuneOffsets; a token of a part of a character has the whole character
	Words     []int32  // the index of the piece or added token in its text; -1: added by the PostProcessor or Padding
	Types     []int32  // the segment id (token type)
	Texts     []int32  // 0 for the first text, 1 for the second; -1: added by the PostProcessor or Padding
	Attention []int32  // 1 for a token, 0 for Padding

	Overflow []*Encoding // with Truncation: the tokens that were cut off, in windows of the same length

	runes bool // offsets are in runes
}

// SpecialMask returns 1 for each token that the PostProcessor or Padding added, 0 for the tokens of the texts.
func (e *Encoding) SpecialMask() []int32 {
	mask := make([]int32, len(e.Texts))
	for i, text := range e.Texts {
		if text < 0 {
			mask[i] = 1
		}
	}
	return mask
}

// append appends a token that the PostProcessor adds.
func (e *Encoding) append(id int32, token string, segment int32) {
	e.IDs = append(e.IDs, id)
	e.Tokens = append(e.Tokens, token)
	e.Offsets = append(e.Offsets, Span{})
	e.Words = append(e.Words, -1)
	e.Types = append(e.Types, segment)
	e.Texts = append(e.Texts, -1)
	e.Attention = append(e.Attention, 1)
}

// joined returns the tokens of e followed by the tokens of o, in new memory.
func (e *Encoding) joined(o *Encoding) *Encoding {
	return &Encoding{
		IDs:       slices.Concat(e.IDs, o.IDs),
		Tokens:    slices.Concat(e.Tokens, o.Tokens),
		Offsets:   slices.Concat(e.Offsets, o.Offsets),
		Words:     slices.Concat(e.Words, o.Words),
		Types:     slices.Concat(e.Types, o.Types),
		Texts:     slices.Concat(e.Texts, o.Texts),
		Attention: slices.Concat(e.Attention, o.Attention),
		runes:     e.runes,
	}
}

// slice returns tokens i to j.
func (e *Encoding) slice(i, j int) *Encoding {
	return &Encoding{IDs: e.IDs[i:j:j], Tokens: e.Tokens[i:j:j], Offsets: e.Offsets[i:j:j], Words: e.Words[i:j:j],
		Types: e.Types[i:j:j], Texts: e.Texts[i:j:j], Attention: e.Attention[i:j:j], runes: e.runes}
}

// setType sets the segment of every token to t.
func (e *Encoding) setType(t int32) {
	for i := range e.Types {
		e.Types[i] = t
	}
	for _, o := range e.Overflow {
		o.setType(t)
	}
}

// textsOnly returns e without the tokens that the PostProcessor added.
func (e *Encoding) textsOnly() *Encoding {
	out := &Encoding{runes: e.runes}
	for i := 0; i < len(e.Texts); {
		j := i
		for j < len(e.Texts) && (e.Texts[j] < 0) == (e.Texts[i] < 0) {
			j++
		}
		if e.Texts[i] >= 0 {
			out = out.joined(e.slice(i, j))
		}
		i = j
	}
	for _, o := range e.Overflow {
		out.Overflow = append(out.Overflow, o.textsOnly())
	}
	return out
}

// mergeParts joins parts in order. As in Hugging Face's implementation, the windows of each part's overflow are joined
// with all windows of the other parts: first the windows of the parts before it, each with the part itself and with its
// windows, then the parts before it with its windows.
func mergeParts(parts []*Encoding) *Encoding {
	if len(parts) == 0 {
		return &Encoding{}
	}
	all := parts[0]
	for _, p := range parts[1:] {
		var overflow []*Encoding
		for _, window := range all.Overflow {
			overflow = append(overflow, window.joined(p))
			for _, other := range p.Overflow {
				overflow = append(overflow, window.joined(other))
			}
		}
		for _, other := range p.Overflow {
			overflow = append(overflow, all.joined(other))
		}
		all = all.joined(p)
		all.Overflow = overflow
	}
	return all
}
