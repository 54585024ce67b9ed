package tokenize

// surfacer is a Model with tokens that are shown as the text they stand for, not as the vocabulary spells them: the
// unknown token of Unigram, so that no text is lost from an Encoding.
type surfacer interface {
	isSurface(id int32) bool
}

// nameOf returns how an Encoding shows a token of piece.
func nameOf(m Model, token Token, piece string) string {
	if s, ok := m.(surfacer); ok && s.isSurface(token.ID) {
		return validText(piece[token.Start:token.End])
	}
	name, _ := m.IDToToken(token.ID)
	return name
}
