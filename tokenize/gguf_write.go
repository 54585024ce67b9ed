package tokenize

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// GGUF returns the metadata of a GGUF file for t and a model of vocab tokens: the keys that ParseGGUF reads. A tokenizer that GGUF has no
// model for, such as a WordLevel, becomes "none", which llama.cpp opens without a tokenizer. The whole tokenizer.json is included, so that
// ParseGGUF returns every tokenizer as it is.
func (t *Tokenizer) GGUF(vocab int) (map[string]any, error) {
	if n := t.VocabSize(); n > vocab {
		return nil, errors.Errorf("tokenize: gguf: the tokenizer has %d tokens, the model %d", n, vocab)
	}
	w := newGGUFWriter(t, vocab)
	w.roles()
	if _, isModel := t.stages.Model.(*SentencePiece); !isModel {
		text, err := t.MarshalJSON()
		if err != nil {
			return nil, err
		}
		w.keys[ggufJSON] = string(text)
	} else if w.keys[ggufModel] == "none" {
		return nil, errors.New("tokenize: gguf: GGUF has no model for sentencepiece's words and characters, and no file can hold it otherwise")
	}
	return w.keys, nil
}

// ggufWriter collects metadata.
type ggufWriter struct {
	t      *Tokenizer
	keys   map[string]any
	tokens []string
	types  []int32
	scores []float32
}

// newGGUFWriter returns a writer with the keys of the vocabulary.
func newGGUFWriter(t *Tokenizer, vocab int) *ggufWriter {
	w := &ggufWriter{t: t, keys: map[string]any{}, tokens: make([]string, vocab), types: make([]int32, vocab), scores: make([]float32, vocab)}
	w.list()
	if !w.model() {
		w.keys = map[string]any{ggufModel: "none"}
	}
	return w
}

// list fills the tokens and types by id.
func (w *ggufWriter) list() {
	unknown := unknownOf(w.t.stages.Model)
	for id := range w.tokens {
		token, ok := w.t.IDToToken(int32(id))
		kind := spmNormal
		switch a, added := w.t.addedByID[int32(id)]; {
		case !ok:
			token, kind = unusedToken(id), spmUnused
		case token == unknown:
			kind = spmUnknown
		case added && a.Special:
			kind = spmControl
		case added:
			kind = spmUserDefined
		}
		w.tokens[id], w.types[id] = token, int32(kind)
	}
}

// model sets the keys of the model. ok is false if GGUF has none for it.
func (w *ggufWriter) model() (ok bool) {
	switch m := w.t.stages.Model.(type) {
	case *BPE:
		if c := m.Config(); c.Characters {
			ok = w.mergedScores(c)
		} else {
			ok = w.bytePairs(c)
		}
	case *WordPiece:
		for i, token := range w.tokens {
			if w.types[i] == int32(spmNormal) {
				w.tokens[i] = phantom(token)
			}
		}
		w.set("bert", "bert-bge")
		ok = m.config.Prefix == "##"
	case *Unigram:
		ok = w.unigram(m)
	case *SentencePiece:
		ok = w.sentencePiece(m)
	}
	return ok
}

// set sets the keys of every model.
func (w *ggufWriter) set(model, pre string) {
	w.keys[ggufModel], w.keys[ggufPre], w.keys[ggufTokens], w.keys[ggufTypes] = model, pre, w.tokens, w.types
}

// bytePairs writes byte-level BPE, if its splitter has a name.
func (w *ggufWriter) bytePairs(c BPEConfig) bool {
	plain := plainSplitter(w.t.stages.Splitter)
	i := slices.IndexFunc(ggufSplitters, func(s struct {
		names string
		ggufSplitter
	}) bool {
		return reflect.DeepEqual(s.splitter, plain)
	})
	if i < 0 || c.Prefix != "" || c.Suffix != "" {
		return false
	}
	name, _, _ := strings.Cut(ggufSplitters[i].names, " ")
	merges := make([]string, len(c.Merges))
	for i, m := range c.Merges {
		merges[i] = m[0] + " " + m[1]
	}
	w.set("gpt2", name)
	w.keys[ggufMerges] = merges
	return true
}

// plainSplitter returns a splitter without the settings that only change offsets.
func plainSplitter(s Splitter) Splitter {
	switch s := s.(type) {
	case ByteLevel:
		s.TrimOffsets = false
		return s
	case Splitters:
		list := make(Splitters, len(s))
		for i, part := range s {
			list[i] = plainSplitter(part)
		}
		return list
	}
	return s
}

// mergedScores writes Llama's BPE of characters: the score of a token is the negative rank of the first merge that makes it.
func (w *ggufWriter) mergedScores(c BPEConfig) bool {
	want := Normalizers{Prepend{Text: "▁"}, Replace{Pattern: " ", Content: "▁"}}
	if w.t.stages.Splitter != nil || !reflect.DeepEqual(w.t.stages.Normalizer, Normalizer(want)) || !c.ByteFallback || w.unknownType() < 0 {
		return false
	}
	ranks := map[string]int{}
	for rank, m := range c.Merges {
		if _, ok := ranks[c.join(m)]; !ok {
			ranks[c.join(m)] = rank
		}
	}
	for id, token := range w.tokens {
		rank, ok := ranks[token]
		if !ok {
			rank = len(c.Merges)
		}
		w.scores[id] = -float32(rank)
	}
	w.bytes()
	w.set("llama", "default")
	w.keys[ggufScores] = w.scores
	return true
}

// unknownType returns the id of the unknown token, -1 if there is none.
func (w *ggufWriter) unknownType() int { return slices.Index(w.types, int32(spmUnknown)) }

// bytes gives the tokens <0x00> … <0xFF> their type, if all of them exist.
func (w *ggufWriter) bytes() {
	ids := byteIDs(w.t.stages.Model.TokenToID)
	if slices.Contains(ids[:], -1) {
		return
	}
	for _, id := range ids {
		w.types[id] = int32(spmByte)
	}
}

// roles sets the ids of the tokens with a role, and whether they frame a text.
func (w *ggufWriter) roles() {
	for _, role := range roleKeys {
		if id, ok := w.t.lookUp(*w.t.Roles.of(role)); ok {
			w.keys[ggufRoles[role]] = uint32(id)
		}
	}
	framing := w.t.whole()
	framing.Bare = false
	ids, err := framing.Encode("")
	if err != nil {
		return
	}
	bos, hasBOS := w.t.BOS()
	eos, hasEOS := w.t.EOS()
	w.keys[ggufBOS] = hasBOS && len(ids) > 0 && ids[0] == bos
	w.keys[ggufEOS] = hasEOS && len(ids) > 0 && ids[len(ids)-1] == eos && (len(ids) > 1 || bos != eos || w.keys[ggufBOS] == false)
	if cls, ok := w.t.CLS(); ok && w.keys[ggufModel] == "bert" { // llama.cpp puts the token of the beginning and the separator around a text
		sep, _ := w.t.Sep()
		framed := len(ids) == 2 && ids[0] == cls && ids[1] == sep
		w.keys[ggufRoles["bos_token"]], w.keys[ggufBOS], w.keys[ggufSep] = uint32(cls), framed, framed
	}
}
