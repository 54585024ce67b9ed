package tokenize

// wordCache remembers the ids of words seen lately, for one goroutine. The zero value is ready.
type wordCache struct {
	entries []cacheEntry // nil until enough text has come by
	seen    int          // bytes of text so far, while there are no entries
}

// expect makes the cache when it begins to pay: n bytes of text follow.
func (c *wordCache) expect(n int) {
	if c.entries != nil {
		return
	}
	if c.seen += n; c.seen >= cacheFrom {
		c.entries = make([]cacheEntry, 1<<cacheBits)
	}
}

// find returns the place of the word text[start:end], nil when it is not to be remembered. What is there belongs to the
// word when hit is true.
func (c *wordCache) find(text string, start, end int) (e *cacheEntry, key pieceKey, hit bool) {
	key, hash, short := keyOf(text, start, end)
	if !short || c.entries == nil {
		return nil, key, false
	}
	e = &c.entries[hash]
	return e, key, e.key == key
}

// keep remembers ids, when they are few.
func (e *cacheEntry) keep(key pieceKey, ids []int32) {
	if e != nil && len(ids) <= cachedIDs {
		e.store(key, ids)
	}
}
