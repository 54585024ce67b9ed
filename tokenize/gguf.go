package tokenize

import (
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// The keys of a tokenizer in the metadata of a GGUF file, after "tokenizer.".
const (
	ggufJSON     = "tokenizer.huggingface.json" // the whole tokenizer.json
	ggufModel    = "tokenizer.ggml.model"
	ggufPre      = "tokenizer.ggml.pre"
	ggufTokens   = "tokenizer.ggml.tokens"
	ggufScores   = "tokenizer.ggml.scores"
	ggufTypes    = "tokenizer.ggml.token_type"
	ggufMerges   = "tokenizer.ggml.merges"
	ggufCharsmap = "tokenizer.ggml.precompiled_charsmap"
	ggufPrefix   = "tokenizer.ggml.add_space_prefix"
	ggufSpaces   = "tokenizer.ggml.remove_extra_whitespaces"
	ggufBOS      = "tokenizer.ggml.add_bos_token"
	ggufEOS      = "tokenizer.ggml.add_eos_token"
	ggufSep      = "tokenizer.ggml.add_sep_token" // of bert
)

// ggufRoles maps the keys of settings files to the keys of ids. The spelling of seperator is that of the format.
var ggufRoles = map[string]string{
	"bos_token": "tokenizer.ggml.bos_token_id", "eos_token": "tokenizer.ggml.eos_token_id", "unk_token": "tokenizer.ggml.unknown_token_id",
	"pad_token": "tokenizer.ggml.padding_token_id", "cls_token": "tokenizer.ggml.cls_token_id", "sep_token": "tokenizer.ggml.seperator_token_id",
	"mask_token": "tokenizer.ggml.mask_token_id",
}

// ParseGGUF returns the tokenizer in the metadata of a GGUF file, the format of llama.cpp: byte-level BPE ("gpt2"), BPE by scores of
// sentencepiece ("llama"), WordPiece ("bert") or Unigram ("t5"). Values have the types that package checkpoints/gguf reads. Tokens
// of type control are special; control and user-defined tokens are added tokens. If the file also has a tokenizer.json with the same
// vocabulary, it counts, because it holds every stage.
//
// It is an error if the model or, for "gpt2", the name of its splitter is unknown.
func ParseGGUF(metadata map[string]any) (*Tokenizer, error) {
	t, err := parseGGUF(metadata)
	return t, errors.WithMessage(err, "tokenize: gguf")
}

func parseGGUF(metadata map[string]any) (*Tokenizer, error) {
	if text, ok := metadata[ggufJSON].(string); ok {
		if t, ok := ggufFromJSON(text, metadata); ok {
			return t, nil
		}
	}
	v := &ggufVocab{all: metadata}
	if err := v.read(); err != nil {
		return nil, err
	}
	switch model, _ := metadata[ggufModel].(string); model {
	case "gpt2":
		return v.bytePairs()
	case "llama":
		return v.sentencePiece(spmModelBPE)
	case "t5":
		return v.sentencePiece(spmModelUnigram)
	case "bert":
		return v.wordPiece()
	case "":
		return nil, errors.Errorf("%s is missing: the file has no tokenizer", ggufModel)
	default:
		return nil, errors.Errorf("%s is %q, want gpt2, llama, t5 or bert", ggufModel, model)
	}
}

// ggufFromJSON reads a tokenizer.json. ok is false if it is invalid or has another vocabulary than the other keys.
func ggufFromJSON(text string, metadata map[string]any) (*Tokenizer, bool) {
	t, err := fromJSON([]byte(text))
	if err != nil {
		return nil, false
	}
	v := &ggufVocab{all: metadata}
	t.Roles = v.rolesOf(t.Roles, func(id int32) (string, bool) { return t.IDToToken(id) })
	tokens, ok := metadata[ggufTokens].([]string)
	if !ok {
		return t, metadata[ggufModel] == "none"
	}
	if t.VocabSize() > len(tokens) {
		return nil, false
	}
	w := newGGUFWriter(t, len(tokens))
	return t, w.keys[ggufModel] == metadata[ggufModel] && slices.Equal(w.tokens, tokens)
}

// ggufVocab is the vocabulary of a GGUF file.
type ggufVocab struct {
	all    map[string]any
	tokens []string
	types  []spmKind
	scores []float32
}

// read reads the lists of tokens, types and scores.
func (v *ggufVocab) read() error {
	value, found := v.all[ggufTokens]
	tokens, ok := value.([]string)
	switch {
	case !found && v.all[ggufModel] == "none":
		return errors.Errorf("%s is none: the file has no tokenizer", ggufModel)
	case !found:
		return errors.Errorf("%s is missing: the file has no tokenizer", ggufTokens)
	case !ok || len(tokens) == 0:
		return errors.Errorf("%s is %T with %d tokens, want strings", ggufTokens, value, len(tokens))
	}
	v.tokens, v.types = tokens, make([]spmKind, len(tokens))
	for i := range v.types {
		v.types[i] = spmNormal
	}
	if types, ok := v.all[ggufTypes].([]int32); ok {
		if len(types) != len(tokens) {
			return errors.Errorf("%s has %d types for %d tokens", ggufTypes, len(types), len(tokens))
		}
		for i, kind := range types {
			if v.types[i] = spmKind(kind); kind < int32(spmNormal) || kind > int32(spmByte) {
				return errors.Errorf("%s: token %d, %.100q, has type %d, want 1 … 6", ggufTypes, i, tokens[i], kind)
			}
		}
	}
	if v.scores, _ = v.all[ggufScores].([]float32); v.scores != nil && len(v.scores) != len(tokens) {
		return errors.Errorf("%s has %d scores for %d tokens", ggufScores, len(v.scores), len(tokens))
	}
	return nil
}

// ids returns the ids of the tokens, except of unused ones. It is an error if a token is given twice.
func (v *ggufVocab) ids() (map[string]int32, error) {
	ids := make(map[string]int32, len(v.tokens))
	for i, token := range v.tokens {
		if v.types[i] == spmUnused {
			continue
		}
		if j, twice := ids[token]; twice {
			return nil, errors.Errorf("%s: tokens %d and %d are both %.100q", ggufTokens, j, i, token)
		}
		ids[token] = int32(i)
	}
	return ids, nil
}

// added returns the control and user-defined tokens.
func (v *ggufVocab) added() (list []AddedToken) {
	for i, text := range v.tokens {
		if kind := v.types[i]; text != "" && (kind == spmControl || kind == spmUserDefined) {
			list = append(list, AddedToken{ID: int32(i), Text: text, Special: kind == spmControl})
		}
	}
	return list
}

// id returns the id of a key.
func (v *ggufVocab) id(key string) (id int32, ok bool) {
	switch n := v.all[key].(type) {
	case uint32:
		return int32(n), n < 1<<31
	case int32:
		return n, n >= 0
	case uint64:
		return int32(n), n < 1<<31
	}
	return 0, false
}

// flag returns a bool of the metadata.
func (v *ggufVocab) flag(key string, otherwise bool) bool {
	if b, ok := v.all[key].(bool); ok {
		return b
	}
	return otherwise
}

// token returns the token of a role.
func (v *ggufVocab) token(role string) *SpecialToken {
	id, ok := v.id(ggufRoles[role])
	if !ok || int(id) >= len(v.tokens) {
		return nil
	}
	return &SpecialToken{v.tokens[id], id}
}

// rolesOf returns r with the roles whose ids the metadata has.
func (v *ggufVocab) rolesOf(r Roles, text func(id int32) (string, bool)) Roles {
	for _, role := range roleKeys {
		if role == "bos_token" && v.all[ggufModel] == "bert" {
			continue // it is [CLS]
		}
		if id, ok := v.id(ggufRoles[role]); ok {
			if token, ok := text(id); ok {
				*r.of(role) = token
			}
		}
	}
	return r
}

// finish returns the Tokenizer of stages, with the tokens of the beginning and the end that the metadata asks for.
func (v *ggufVocab) finish(s Stages, addsBOS bool) (*Tokenizer, error) {
	var bos, eos *SpecialToken
	if v.flag(ggufBOS, addsBOS) {
		bos = v.token("bos_token")
	}
	if v.flag(ggufEOS, false) {
		eos = v.token("eos_token")
	}
	if frame := frameTemplate(bos, eos); frame != nil && s.PostProcessor == nil {
		s.PostProcessor = *frame
	}
	t, err := newTokenizer(s)
	if err != nil {
		return nil, err
	}
	t.Roles = v.rolesOf(t.Roles, func(id int32) (string, bool) { return t.IDToToken(id) })
	return t, nil
}

// unusedToken returns the text of an id without a token, as in llama.cpp's files.
func unusedToken(id int) string { return "[PAD" + strconv.Itoa(id) + "]" }
