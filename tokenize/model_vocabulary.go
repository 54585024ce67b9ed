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
	b := bytes.NewBufferString("{")
	for id := range v.tokens {
		token, ok := v.IDToToken(int32(id))
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, err := marshal(token)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		value, err := json.Marshal(id)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// parseVocab reads a JSON object of tokens and ids.
func parseVocab(data []byte) (map[string]int32, error) {
	data = withoutMark(data)
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

// VocabSize returns the highest id plus one.
func (v *vocabulary) VocabSize() int { return len(v.tokens) }
