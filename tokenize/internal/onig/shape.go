package onig

// nullable reports whether n may match the empty text.
func (n *regexNode) nullable() bool {
	switch n.kind {
	case nodeSet:
		return false
	case nodeChoice:
		for _, kid := range n.kids {
			if kid.nullable() {
				return true
			}
		}
		return false
	case nodeRepeat:
		return n.min == 0 || n.kids[0].nullable()
	case nodeSequence, nodeAtomic:
		for _, kid := range n.kids {
			if !kid.nullable() {
				return false
			}
		}
	}
	return true
}

// bounded reports whether the matches of n have a maximum length.
func (n *regexNode) bounded() bool {
	for _, kid := range n.kids {
		if !kid.bounded() {
			return false
		}
	}
	return n.kind != nodeRepeat || n.max >= 0
}

// length returns the number of characters of the matches of n. ok is false if their numbers differ.
func (n *regexNode) length() (length int, ok bool) {
	switch n.kind {
	case nodeSet:
		return 1, true
	case nodeChoice:
		for i, kid := range n.kids {
			l, ok := kid.length()
			if !ok || i > 0 && l != length {
				return 0, false
			}
			length = l
		}
		return length, true
	case nodeRepeat:
		l, ok := n.kids[0].length()
		return l * n.min, ok && n.min == n.max
	case nodeSequence, nodeAtomic:
		for _, kid := range n.kids {
			l, ok := kid.length()
			if !ok {
				return 0, false
			}
			length += l
		}
	}
	return length, true
}
