package tokenize

// appendTexts is AppendDecode where the tokens are put side by side as they are. It returns how many it has written: none
// under another Decoder, and it stops at one that needs a second look.
func (t *Tokenizer) appendTexts(dst []byte, ids []int32) ([]byte, int) {
	if _, ok := t.join.(Fuse); !ok || t.SkipSpecial {
		return dst, 0
	}
	for i, id := range ids {
		if uint32(id) >= uint32(len(t.texts)) || t.texts[id] == "" {
			return dst, i
		}
		dst = append(dst, t.texts[id]...)
	}
	return dst, len(ids)
}
