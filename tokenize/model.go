package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
)

// Token is one token of a piece: its id and the range of the piece that it covers, in bytes.
type Token struct {
	ID int32
	Span
}

// Model turns a piece of text into tokens and holds the vocabulary.
type Model interface {
	// Tokenize appends the tokens of piece to dst. An error names the text that has no token; the Tokenizer adds the
	// place.
	Tokenize(dst []Token, piece string) ([]Token, error)
	TokenToID(token string) (id int32, ok bool)
	IDToToken(id int32) (token string, ok bool)
	// VocabSize returns the highest id plus one: the number of rows of an embedding.
	VocabSize() int
}

// textModel is a Model with a fast form for normalized text.
type textModel interface {
	// appendText appends the ids of the pieces that sc finds in text.
	appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error)
}
