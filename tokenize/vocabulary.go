package tokenize

// VocabSize returns the highest id plus one, including added tokens: the number of rows of an embedding.
func (c *core) VocabSize() int { return c.size }

// TokenToID returns the id of a token, spelled as in the vocabulary (see IDToToken).
func (c *core) TokenToID(token string) (id int32, ok bool) {
	if a, ok := c.added[token]; ok {
		return a.ID, true
	}
	return c.stages.Model.TokenToID(token)
}

// IDToToken returns the token of an id, spelled as in the vocabulary. In byte-level BPE, "Ġthe" is " the".
func (c *core) IDToToken(id int32) (token string, ok bool) {
	if a, ok := c.addedByID[id]; ok {
		return a.Text, true
	}
	return c.stages.Model.IDToToken(id)
}

// IsSpecial reports whether id belongs to a special token.
func (c *core) IsSpecial(id int32) bool { return c.addedByID[id].Special }
