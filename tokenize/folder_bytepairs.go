package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// bytePairs returns the stages of a vocab.json and a merges.txt.
func (f *folder) bytePairs(ids map[string]int32, merges [][2]string) (Stages, error) {
	kind := f.kind
	if _, ok := ids["<|startoftext|>"]; ok && kind == anyFiles && endOfWord(ids) != "" {
		kind, f.family = clipFiles, familyOf("CLIPTokenizer") // only CLIP has both
	}
	if kind == clipFiles {
		return f.clip(ids, merges)
	}
	s, err := plainBytePairs(ids, merges)
	if err != nil {
		return s, err
	}
	s.Splitter = ByteLevel{PrefixSpace: f.prefixSpace != nil && *f.prefixSpace}
	if kind == anyFiles {
		return s, nil
	}
	s.Added = nil // the settings add the added tokens
	switch kind {
	case robertaFiles:
		if err := f.setFrameOf(&s, func(cls, sep SpecialToken) PostProcessor {
			return RobertaProcessing{Cls: cls, Sep: sep, TrimOffsets: true, PrefixSpace: s.Splitter.(ByteLevel).PrefixSpace}
		}); err != nil {
			return s, err
		}
	case qwen2Files:
		s.Normalizer = NFC
		s.Splitter = Splitters{Split{Pattern: scan.PatternQwen2, Regex: true, Behavior: Isolated}, ByteLevel{NoPattern: true, PrefixSpace: f.prefixSpace != nil && *f.prefixSpace}}
	}
	return s, nil
}

// setFrameOf frames texts in the cls and sep tokens of the settings.
func (f *folder) setFrameOf(s *Stages, frame func(cls, sep SpecialToken) PostProcessor) error {
	var tokens [2]SpecialToken
	for i, key := range []string{"cls_token", "sep_token"} {
		text := *f.roles().of(key)
		id, ok := s.Model.TokenToID(text)
		if !ok {
			return errors.Errorf("%s %q is not in the vocabulary: tokenizer_class %s puts it around texts", key, text, f.class)
		}
		tokens[i] = SpecialToken{text, id}
	}
	s.PostProcessor = frame(tokens[0], tokens[1])
	return nil
}

// roles returns the roles of the class, overridden by the roles that the files name.
func (f *folder) roles() *Roles {
	r := f.family.roles
	for key, token := range f.settings.roles {
		if *r.of(key) = ""; token != nil {
			*r.of(key) = token.Text
		}
	}
	return &r
}

// clip returns the stages of CLIP (Radford et al. 2021): lower case, with </w> at the end of tokens that end a word.
func (f *folder) clip(ids map[string]int32, merges [][2]string) (Stages, error) {
	roles := f.roles()
	model, err := newBPE(BPEConfig{Vocab: ids, Merges: merges, Unknown: roles.Unk, Suffix: "</w>"})
	if err != nil {
		return Stages{}, err
	}
	s := Stages{
		Normalizer: Normalizers{NFC, Replace{Pattern: `\s+`, Regex: true, Content: " "}, Lowercase{}},
		Splitter:   Splitters{Split{Pattern: scan.PatternCLIP, Regex: true, Behavior: Removed, Invert: true}, ByteLevel{TrimOffsets: true}},
		Model:      model, Decoder: ByteLevel{PrefixSpace: true, TrimOffsets: true},
	}
	bos, okBOS := model.TokenToID(roles.BOS)
	eos, okEOS := model.TokenToID(roles.EOS)
	if !okBOS || !okEOS {
		return s, errors.Errorf("%q and %q must be in the vocabulary: CLIP puts them around texts", roles.BOS, roles.EOS)
	}
	s.PostProcessor = RobertaProcessing{Cls: SpecialToken{roles.BOS, bos}, Sep: SpecialToken{roles.EOS, eos}}
	return s, nil
}
