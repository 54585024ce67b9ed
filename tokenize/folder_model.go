package tokenize

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// sentencePiece returns the stages of a .model file. Llama 3's file of this name is a tiktoken file.
func (f *folder) sentencePiece(name string) (Stages, error) {
	data, err := readFile(f.path(name))
	if err != nil {
		return Stages{}, err
	}
	if isTiktoken(data) {
		s, err := rankedStages(data)
		return s, errors.WithMessagef(err, "tokenize: load: %s", f.path(name))
	}
	s, err := parseSPMStages(data)
	if err != nil {
		return s, errors.WithMessagef(err, "tokenize: load: %s", f.path(name))
	}
	if f.class == "" {
		return s, nil
	}
	if len(f.sampling) > 0 {
		return s, errors.Errorf("tokenize: load: %s: sp_model_kwargs of tokenizer_config.json is not followed: remove it", f.dir)
	}
	if f.prefixSpace != nil {
		s.Normalizer.(*spmNormalizer).dummyPrefix = *f.prefixSpace // the decoder also reads it
	}
	if f.legacy != nil && !*f.legacy {
		s.Normalizer = firstOnly{s.Normalizer.(*spmNormalizer)}
	}
	if f.kind == t5Files {
		return s, f.t5(&s)
	}
	return s, nil
}

// t5 adds </s> after texts, and the tokens <extra_id_0>, … from the end of the vocabulary downwards.
func (f *folder) t5(s *Stages) error {
	eos := f.roles().EOS
	id, ok := s.Model.TokenToID(eos)
	if !ok {
		return errors.Errorf("tokenize: load: %s: eos_token %q is not in the vocabulary: %s puts it behind texts", f.dir, eos, f.class)
	}
	token := SpecialToken{eos, id}
	s.PostProcessor = *frameTemplate(nil, &token)
	n := 100
	if f.extraIDs != nil {
		n = *f.extraIDs
	}
	if n < 0 || n > 10000 {
		return errors.Errorf("tokenize: load: %s: extra_ids is %d, want 0 to 10000", f.dir, n)
	}
	if slices.ContainsFunc(f.added, func(a AddedToken) bool { return strings.HasPrefix(a.Text, "<extra_id_") }) {
		return nil // the tokens already have their ids
	}
	for i := n - 1; i >= 0; i-- {
		s.Added = append(s.Added, AddedToken{ID: int32(s.Model.VocabSize() + n - 1 - i), Text: "<extra_id_" + strconv.Itoa(i) + ">", Special: true})
	}
	return nil
}

// rankedStages returns the stages of a tiktoken file, which it recognizes by its number of ranks.
func rankedStages(data []byte) (Stages, error) {
	raw, err := parseRanks(data)
	if err != nil {
		return Stages{}, err
	}
	for name, ranks := range map[string]int{"llama3": 128000} {
		if c, ok := TiktokenNamed(name); ok && len(raw) == ranks {
			t, err := c.from(data)
			if err != nil {
				return Stages{}, err
			}
			return t.stages, nil
		}
	}
	return Stages{}, errors.Errorf("it is a tiktoken file of %d ranks, not one of sentencepiece, and its pattern is not in it: use LoadTiktoken, or name a file of "+
		"Llama 3 llama3.tiktoken", len(raw))
}
