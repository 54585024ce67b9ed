package tokenize

// surfacer is a Model that shows some tokens as the text they cover instead of their spelling in the vocabulary. Unigram
// does so for its unknown token, so that an Encoding shows all text.
type surfacer interface {
	isSurface(id int32) bool
}

// nameOf returns the string by which an Encoding shows a token of piece.
func nameOf(m Model, token Token, piece string) string {
	if s, ok := m.(surfacer); ok && s.isSurface(token.ID) {
		return validText(piece[token.Start:token.End])
	}
	name, _ := m.IDToToken(token.ID)
	return name
}
