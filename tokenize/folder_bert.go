package tokenize

import (
	"github.com/pkg/errors"
)

// bert returns the stages of a vocab.txt. Without do_lower_case a named class lowercases, as in transformers. If no class
// is named, the vocabulary decides.
func (f *folder) bert() (Stages, error) {
	if f.basic != nil && !*f.basic {
		return Stages{}, errors.Errorf("tokenize: load: %s: do_basic_tokenize of tokenizer_config.json is false, which is not followed: use a tokenizer.json", f.dir)
	}
	if len(f.neverSplit) > 0 {
		return Stages{}, errors.Errorf("tokenize: load: %s: never_split of tokenizer_config.json is not followed: make the tokens added tokens", f.dir)
	}
	path := f.path("vocab.txt")
	ids, err := readVocabText(path)
	if err != nil {
		return Stages{}, err
	}
	n := guessBERT(ids)
	if f.named != "" || f.lower != nil {
		n = bertNormalizer(true)
	}
	s, err := bertStages(ids, f.bertOptions(n))
	if err != nil {
		return s, errors.WithMessagef(err, "tokenize: load: %s", path)
	}
	roles := f.roles()
	cls, okCLS := ids[roles.CLS]
	sep, okSep := ids[roles.Sep]
	if okCLS && okSep {
		s.PostProcessor = BertProcessing{Cls: SpecialToken{roles.CLS, cls}, Sep: SpecialToken{roles.Sep, sep}}
	}
	if roles.Unk != "" && roles.Unk != "[UNK]" {
		if s.Model, err = newWordPiece(WordPieceConfig{Vocab: ids, Unknown: roles.Unk, Prefix: "##"}); err != nil {
			return s, errors.WithMessagef(err, "tokenize: load: %s: unk_token", path)
		}
	}
	return s, nil
}

// bertOptions applies do_lower_case, strip_accents and tokenize_chinese_chars.
func (f *folder) bertOptions(n BertNormalizer) BertNormalizer {
	if f.lower != nil {
		n.Lowercase = *f.lower
	}
	if f.accents != nil {
		n.StripAccents = f.accents
	}
	if f.chinese != nil {
		n.Chinese = *f.chinese
	}
	return n
}
