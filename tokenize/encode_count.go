package tokenize

import "github.com/pkg/errors"

// countWindow is the length, in bytes, of the parts in which a text is counted.
const countWindow = 1 << 15

// CountTokens returns the number of ids that Encode returns for text without Truncation and Padding. If the text can be
// cut, as with byte-level BPE, its memory does not grow with the text.
func (t *Tokenizer) CountTokens(text string) (int, error) {
	t = t.encoder()
	n, err := t.addedTokens(1)
	if err != nil {
		return 0, err
	}
	var ids []int32
	for rest := text; rest != ""; {
		part := t.window(rest, countWindow)
		if ids, err = t.appendText(ids[:0], part); err != nil {
			return 0, t.placed(text, err)
		}
		n += len(ids)
		rest = rest[len(part):]
	}
	return n, nil
}

// window returns a prefix of text. It has about n bytes if the text can be cut there.
func (t *Tokenizer) window(text string, n int) string {
	if t.fast == nil || !t.cuttable || len(text) <= n {
		return text
	}
	return text[:t.scan.Cut(text, n)]
}

// TruncateText returns the longest prefix of text that encodes to at most n ids, including the ids that the PostProcessor
// adds. The prefix ends with a whole character. If the text can be cut, as with byte-level BPE, the rest of the text is
// not encoded; otherwise the rest is not given to the model.
func (t *Tokenizer) TruncateText(text string, n int) (string, error) {
	t = t.encoder()
	added, err := t.addedTokens(1)
	if err != nil {
		return "", err
	}
	if n -= added; n <= 0 {
		if n < 0 {
			return "", errors.Errorf("tokenize: truncate text: %d tokens leave no room for the %d that are added", n+added, added)
		}
		return "", nil
	}
	var ids []int32
	for at := 0; at < len(text); {
		part := t.window(text[at:], min(countWindow, 8*n+64))
		if len(part) < len(text)-at {
			if ids, err = t.appendText(ids[:0], part); err != nil {
				return "", t.placed(text, err)
			}
			if len(ids) <= n {
				n -= len(ids)
				at += len(part)
				continue
			}
		}
		end, err := t.endOf(part, n)
		if err != nil {
			return "", t.placed(text, err)
		}
		return text[:at+end], nil
	}
	return text, nil
}

// endOf returns the end of the first n tokens of text. It excludes a character of which they cover only a part.
func (t *Tokenizer) endOf(text string, n int) (int, error) {
	e := encoder{t: t, text: text, limit: n + 1}
	if err := e.encode(); err != nil {
		return 0, err
	}
	switch o := e.out.Offsets; {
	case len(o) <= n:
		return len(text), nil
	case n == 0:
		return 0, nil
	default:
		return min(o[n-1].End, max(o[n].Start, o[n-1].Start)), nil
	}
}
