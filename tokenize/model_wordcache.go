package tokenize

// wordCache holds the ids of recent words, for one goroutine. The zero value is ready for use.
type wordCache struct {
	entries []cacheEntry // nil until enough text has been encoded
	seen    int          // bytes of text encoded before entries exists
}

// expect announces n bytes of text. It allocates the cache once enough text has been encoded.
func (c *wordCache) expect(n int) {
	if c.entries != nil {
		return
	}
	if c.seen += n; c.seen >= cacheFrom {
		c.entries = make([]cacheEntry, 1<<cacheBits)
	}
}

// find returns the entry for the word text[start:end], or nil if the word is not cached. If hit is true, the entry holds
// the ids of this word.
func (c *wordCache) find(text string, start, end int) (e *cacheEntry, key pieceKey, hit bool) {
	key, hash, short := keyOf(text, start, end)
	if !short || c.entries == nil {
		return nil, key, false
	}
	e = &c.entries[hash]
	return e, key, e.key == key
}

// keep stores ids if there are few enough.
func (c *cacheEntry) keep(key pieceKey, ids []int32) {
	if c != nil && len(ids) <= cachedIDs {
		c.store(key, ids)
	}
}
