package tokenize

// rewriter is a Normalizer with a fast form, for encoding without offsets.
type rewriter interface {
	// appendRewritten appends the normalized form of text to dst.
	appendRewritten(dst []byte, text string) ([]byte, error)
}

// rewriters applies rewriters in order, each to the result of the previous one.
type rewriters []rewriter

func (l rewriters) appendRewritten(dst []byte, text string) ([]byte, error) {
	for _, r := range l[:len(l)-1] {
		part, err := r.appendRewritten(nil, text)
		if err != nil {
			return dst, err
		}
		text = string(part)
	}
	return l[len(l)-1].appendRewritten(dst, text)
}

// plainRewriter makes a rewriter of a Normalizer without a fast form. Its texts keep no origins.
type plainRewriter struct{ Normalizer }

func (r plainRewriter) appendRewritten(dst []byte, text string) ([]byte, error) {
	t, err := normalize(r.Normalizer, Text{s: text, idsOnly: true})
	return append(dst, t.s...), err
}

// rewriterOf returns the fast form of n, or nil if n changes nothing.
func rewriterOf(n Normalizer) rewriter {
	switch n := n.(type) {
	case nil:
		return nil
	case rewriter:
		return n
	case Normalizers:
		var list rewriters
		own := false
		for _, part := range n {
			if r := rewriterOf(part); r != nil {
				_, plain := r.(plainRewriter)
				list, own = append(list, r), own || !plain
			}
		}
		switch {
		case len(list) == 0:
			return nil
		case own:
			return list
		}
	}
	return plainRewriter{n}
}

// rewritten returns text after the Normalizer.
func (c *core) rewritten(text string) (string, error) {
	if c.rewrite == nil || text == "" {
		return text, nil
	}
	buf := c.buffers.Get()
	var err error
	*buf, err = c.rewrite.appendRewritten((*buf)[:0], text)
	text = string(*buf)
	if cap(*buf) <= keepSymbols {
		c.buffers.Put(buf)
	}
	return text, err
}
