package tokenize

// rewriter is a Normalizer with a fast form, for when nobody asks for offsets.
type rewriter interface {
	// appendRewritten appends what Normalize makes of text to dst.
	appendRewritten(dst []byte, text string) []byte
}

// rewriters are several of them, each for what the one before made.
type rewriters []rewriter

func (l rewriters) appendRewritten(dst []byte, text string) []byte {
	for _, r := range l[:len(l)-1] {
		text = string(r.appendRewritten(nil, text))
	}
	return l[len(l)-1].appendRewritten(dst, text)
}

// rewriterOf returns the fast form of n, nil for one that changes nothing; ok is false when it has none.
func rewriterOf(n Normalizer) (r rewriter, ok bool) {
	switch n := n.(type) {
	case nil:
		return nil, true
	case rewriter:
		return n, true
	case Normalizers:
		var list rewriters
		for _, part := range n {
			switch r, ok := rewriterOf(part); {
			case !ok:
				return nil, false
			case r != nil:
				list = append(list, r)
			}
		}
		if len(list) == 0 {
			return nil, true
		}
		return list, true
	}
	return nil, false
}

// rewritten returns text as the Normalizer leaves it.
func (c *core) rewritten(text string) string {
	if c.rewrite == nil || text == "" {
		return text
	}
	buf := c.buffers.get()
	*buf = c.rewrite.appendRewritten((*buf)[:0], text)
	text = string(*buf)
	if cap(*buf) <= keepSymbols {
		c.buffers.put(buf)
	}
	return text
}
