package tokenize

import "slices"

// parallelText is the length, in bytes, from which Encode splits one text among several goroutines.
const parallelText = 1 << 19

// appendParallel implements appendText for a text that is split among several goroutines.
func (t *Tokenizer) appendParallel(dst []int32, text string) ([]int32, error) {
	parts := t.parts(text)
	ids := make([][]int32, len(parts))
	err := inParallel(len(parts), func(i int) (err error) {
		ids[i], err = t.appendText(make([]int32, 0, len(parts[i])/bytesPerToken), parts[i])
		return err
	})
	if err != nil {
		return dst, t.placed(text, err)
	}
	return append(dst, slices.Concat(ids...)...), nil
}

// parts cuts text into parts of about parallelText/4 bytes, at places where a cut changes no piece.
func (t *Tokenizer) parts(text string) []string {
	var parts []string
	for len(text) > 0 {
		n := len(text)
		if n > parallelText/4 {
			n = t.scan.Cut(text, parallelText/4)
		}
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return parts
}
