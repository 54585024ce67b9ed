package tokenize

import "errors"

// LookUp makes a trie of values and returns what it finds for each of keys: the value, or -1.
func LookUp(values map[string]int32, keys []string) ([]int32, error) {
	t, err := newTrie(values)
	if err != nil {
		return nil, err
	}
	out := make([]int32, len(keys))
	for i, key := range keys {
		out[i] = -1
		if n, v := t.longest(t.root(), key); n == len(key) {
			out[i] = v
		}
		if _, ok := t.walk(key); !ok && out[i] >= 0 {
			return nil, errors.New("walk does not find " + key)
		}
	}
	return out, nil
}
