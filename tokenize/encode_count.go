package tokenize

import "github.com/pkg/errors"

// countWindow is the length, in bytes, of the stretches in which a text is counted.
const countWindow = 1 << 15

// CountTokens returns how many ids Encode has for text without Truncation and Padding. Where it can part the text, as with
// byte-level BPE, it needs no memory that grows with it.
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

// window returns the beginning of text, of about n bytes where it may be parted there.
func (t *Tokenizer) window(text string, n int) string {
	if t.fast == nil || !t.cuttable || len(text) <= n {
		return text
	}
	return text[:t.scan.Cut(text, n)]
}

// TruncateText returns the beginning of text that the first ids stand for of at most n that Encode has for it, those that the
// PostProcessor adds included. It ends with a whole character, and all of text is returned when it has no more tokens. What
// lies behind is not encoded where the text can be parted, as with byte-level BPE, nor given to the model elsewhere.
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

// endOf returns where the first n tokens of text end, before a character that only a part of belongs to them.
func (t *Tokenizer) endOf(text string, n int) (int, error) {
	e := encoder{t: t, text: text, out: &Encoding{}, limit: n + 1}
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
