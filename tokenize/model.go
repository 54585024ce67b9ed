package tokenize

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// Token is one token of a piece: its id and the bytes of the piece that it stands for.
type Token struct {
	ID int32
	Span
}

// Model turns a piece of text into tokens and holds the vocabulary.
type Model interface {
	// Tokenize appends the tokens of piece to dst. The error names what has no token; the Tokenizer adds the place.
	Tokenize(dst []Token, piece string) ([]Token, error)
	TokenToID(token string) (id int32, ok bool)
	IDToToken(id int32) (token string, ok bool)
	// VocabSize is one more than the highest id: the rows that an embedding needs.
	VocabSize() int
}

// textModel is a Model with a fast form, for text that is normalized.
type textModel interface {
	// appendText appends the ids of the pieces that sc finds in text.
	appendText(dst []int32, text string, sc scanner) ([]int32, error)
}

// vocabulary is a set of tokens with their ids. There may be ids without a token.
type vocabulary struct {
	ids    map[string]int32
	tokens []string // by id; "" where there is none
}

// newVocabulary checks ids: none is negative, none is given twice, and few are left out.
func newVocabulary(ids map[string]int32) (vocabulary, error) {
	size := 0
	for _, id := range ids {
		size = max(size, int(id)+1)
	}
	v := vocabulary{ids: ids}
	if limit := 2*len(ids) + 1024; size > limit {
		return v, errors.Errorf("id %d among %d tokens: ids must be below %d", size-1, len(ids), limit)
	}
	v.tokens = make([]string, size)
	taken := make([]bool, size)
	for _, token := range slices.Sorted(maps.Keys(ids)) {
		id := ids[token]
		if !utf8.ValidString(token) {
			return v, errors.Errorf("token %q is not valid UTF-8", token)
		}
		if id < 0 {
			return v, errors.Errorf("%q has id %d: ids begin with 0", token, id)
		}
		if taken[id] {
			return v, errors.Errorf("id %d belongs to %q and %q", id, v.tokens[id], token)
		}
		v.tokens[id], taken[id] = token, true
	}
	return v, nil
}

// TokenToID returns the id of a token, as the vocabulary spells it.
func (v *vocabulary) TokenToID(token string) (int32, bool) {
	id, ok := v.ids[token]
	return id, ok
}

// IDToToken returns the token of an id, as the vocabulary spells it.
func (v *vocabulary) IDToToken(id int32) (string, bool) {
	if id < 0 || int(id) >= len(v.tokens) {
		return "", false
	}
	token := v.tokens[id]
	if got, ok := v.ids[token]; !ok || got != id {
		return "", false
	}
	return token, true
}

// VocabSize is one more than the highest id.
func (v *vocabulary) VocabSize() int { return len(v.tokens) }
