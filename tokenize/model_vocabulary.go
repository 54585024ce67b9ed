package tokenize

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// vocabJSON writes a vocabulary in order of id.
type vocabJSON struct{ *vocabulary }

// MarshalJSON implements json.Marshaler.
func (v vocabJSON) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	var err error
	for id := range v.tokens {
		token, ok := v.IDToToken(int32(id))
		if !ok {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, token); err != nil {
			return nil, err
		}
		b = strconv.AppendInt(append(b, ':'), int64(id), 10)
	}
	return append(b, '}'), nil
}

// parseVocab reads a JSON object of tokens and ids.
func parseVocab(data []byte) (map[string]int32, error) {
	data = withoutMark(data)
	if ids, ok := scanVocab(data); ok {
		return ids, nil
	}
	return decodeVocab(data)
}

// decodeVocab is parseVocab by package json.
func decodeVocab(data []byte) (map[string]int32, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, jsonError(data, d.InputOffset(), "an object of tokens and ids is needed", err)
	}
	ids := map[string]int32{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, jsonError(data, d.InputOffset(), "", err)
		}
		value, err := d.Token()
		number, _ := value.(json.Number)
		id, wrong := strconv.ParseInt(string(number), 10, 32)
		if err != nil || wrong != nil {
			return nil, jsonError(data, d.InputOffset(), "an id must be a whole number below 2³¹", err)
		}
		token := key.(string) // a key is always a string
		if _, twice := ids[token]; twice {
			return nil, jsonError(data, d.InputOffset(), "token "+strconv.Quote(token)+" occurs twice", nil)
		}
		ids[token] = int32(id)
	}
	if _, err := d.Token(); err != nil {
		return nil, jsonError(data, d.InputOffset(), "", err)
	}
	if d.More() {
		return nil, jsonError(data, d.InputOffset(), "text after the object", nil)
	}
	return ids, nil
}

// vocabulary is a set of tokens with their ids. An id may have no token.
type vocabulary struct {
	ids    map[string]int32
	tokens []string // by id; "": no token
}

// newVocabulary returns the vocabulary of ids. It is an error if an id is negative or used twice, or if too many are
// unused.
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
	for token, id := range ids {
		if id < 0 || taken[id] || !utf8.ValidString(token) {
			return v, vocabularyError(ids)
		}
		v.tokens[id], taken[id] = token, true
	}
	return v, nil
}

// vocabularyError returns the error of the first token, in order of spelling, that does not fit.
func vocabularyError(ids map[string]int32) error {
	owners := map[int32]string{}
	for _, token := range slices.Sorted(maps.Keys(ids)) {
		id := ids[token]
		other, taken := owners[id]
		switch {
		case !utf8.ValidString(token):
			return errors.Errorf("token %q is not valid UTF-8", token)
		case id < 0:
			return errors.Errorf("%q has id %d: ids begin with 0", token, id)
		case taken:
			return errors.Errorf("id %d belongs to %q and %q", id, other, token)
		}
		owners[id] = token
	}
	return nil
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

// VocabSize returns the highest id plus one.
func (v *vocabulary) VocabSize() int { return len(v.tokens) }
