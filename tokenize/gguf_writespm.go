package tokenize

import (
	"maps"
	"slices"
)

// unigram writes a Unigram whose words begin with "▁".
func (w *ggufWriter) unigram(m *Unigram) bool {
	spaces, prepend, ok := metaspaces(w.t.stages.Splitter)
	if !ok || w.unknownType() < 0 {
		return false
	}
	switch n := w.t.stages.Normalizer.(type) {
	case nil:
	case Precompiled:
		w.keys[ggufCharsmap] = n.Bytes()
	default:
		return false
	}
	for id, p := range m.config.Pieces {
		w.scores[id] = float32(p.Score)
	}
	if m.config.ByteFallback {
		w.bytes()
	}
	w.set("t5", "default")
	maps.Copy(w.keys, map[string]any{ggufScores: w.scores, ggufPrefix: prepend, ggufSpaces: spaces})
	return true
}

// metaspaces returns the settings of a splitter with Metaspace: whether it removes extra spaces, and whether it adds one in front.
func metaspaces(s Splitter) (spaces, prepend, ok bool) {
	list, isList := s.(Splitters)
	if !isList {
		list = Splitters{s}
	}
	for _, part := range list {
		switch part := part.(type) {
		case Metaspace:
			ok, prepend = part.mark() == "▁", part.scheme() != PrependNever
		case WhitespaceSplit:
			spaces = true
		case Split: // a newline, which no piece crosses
		default:
			return false, false, false
		}
	}
	return spaces, prepend, ok
}

// sentencePiece writes the pieces of a file of sentencepiece.
func (w *ggufWriter) sentencePiece(m *SentencePiece) bool {
	model := map[uint64]string{spmModelBPE: "llama", spmModelUnigram: "t5"}[m.file.trainer.model]
	if model == "" {
		return false
	}
	for id, p := range m.file.pieces {
		w.scores[id] = p.score
		if _, added := w.t.addedByID[int32(id)]; !added {
			w.types[id] = int32(p.kind)
		}
	}
	n := m.file.normalizer
	w.set(model, "default")
	maps.Copy(w.keys, map[string]any{ggufScores: w.scores, ggufPrefix: n.dummyPrefix, ggufSpaces: n.mergeSpaces})
	if n.table != nil {
		w.keys[ggufCharsmap] = slices.Clone(n.table.data)
	}
	return true
}
