package tokenize

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// fromJSON reads a tokenizer.json. Its stages say how text is cut; the settings may say otherwise for some of them.
func (f *folder) fromJSON(data []byte) (*Tokenizer, error) {
	file, stages, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	if n, ok := stages.Normalizer.(BertNormalizer); ok && (f.kind == bertFiles || f.class == "") {
		stages.Normalizer = f.bertOptions(n)
	}
	if err := f.setPrefixSpace(&stages); err != nil {
		return nil, err
	}
	t, err := f.finish(stages, f.family)
	if err != nil {
		return nil, err
	}
	return t, file.setOptions(t)
}

// bertOptions follows do_lower_case, strip_accents and tokenize_chinese_chars.
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

// setPrefixSpace follows add_prefix_space.
func (f *folder) setPrefixSpace(stages *Stages) error {
	if f.prefixSpace == nil {
		return nil
	}
	has, known := false, false
	set := func(part any) any {
		if b, ok := part.(ByteLevel); ok {
			known, has, b.PrefixSpace = true, *f.prefixSpace, *f.prefixSpace
			return b
		}
		return part
	}
	switch s := stages.Splitter.(type) {
	case ByteLevel:
		stages.Splitter = set(s).(ByteLevel)
	case Splitters:
		list := slices.Clone(s)
		for i := range list {
			list[i] = set(list[i]).(Splitter)
		}
		stages.Splitter = list
	case Metaspace:
		known, has = true, s.scheme() != PrependNever
	}
	_ = each(stages.Normalizer, func(part any) error {
		if _, ok := part.(Prepend); ok {
			known, has = true, true
		}
		return nil
	})
	if known && has != *f.prefixSpace {
		return errors.Errorf("add_prefix_space of tokenizer_config.json is %t, but the tokenizer.json puts a space in front: %t: change one of them", *f.prefixSpace, has)
	}
	return nil
}

// stages reads the files other than tokenizer.json.
func (f *folder) stages(name string) (Stages, error) {
	switch {
	case name == "vocab.txt":
		return f.bert()
	case filepath.Ext(name) == ".model":
		return f.sentencePiece(name)
	case filepath.Ext(name) == ".tiktoken":
		t, err := loadTiktokenByName(f.path(name))
		if err != nil {
			return Stages{}, err
		}
		return t.stages, nil
	}
	pair := bytePairNames[0]
	if slices.Contains(bytePairNames[1][:], name) {
		pair = bytePairNames[1]
	}
	ids, merges, err := readBytePairs(f.path(pair[0]), f.path(pair[1]))
	if err != nil {
		return Stages{}, err
	}
	s, err := f.bytePairs(ids, merges)
	return s, errors.WithMessagef(err, "tokenize: load: %s", f.path(pair[0]))
}

// bytePairs puts the stages of a vocab.json and a merges.txt together.
func (f *folder) bytePairs(ids map[string]int32, merges [][2]string) (Stages, error) {
	kind := f.kind
	if _, ok := ids["<|startoftext|>"]; ok && kind == anyFiles && endOfWord(ids) != "" {
		kind, f.family = clipFiles, familyOf("CLIPTokenizer") // nobody else has both
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
	s.Added = nil // the settings add them
	switch kind {
	case robertaFiles:
		if err := f.setFrameOf(&s, func(cls, sep SpecialToken) PostProcessor {
			return RobertaProcessing{Cls: cls, Sep: sep, TrimOffsets: true, PrefixSpace: s.Splitter.(ByteLevel).PrefixSpace}
		}); err != nil {
			return s, err
		}
	case qwen2Files:
		s.Normalizer = NFC
		s.Splitter = Splitters{Split{Pattern: patternQwen2, Regex: true, Behavior: Isolated}, ByteLevel{NoPattern: true, PrefixSpace: f.prefixSpace != nil && *f.prefixSpace}}
	}
	return s, nil
}

// setFrameOf frames texts in the tokens cls and sep of the settings.
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

// roles returns the roles of the class with those that the files name.
func (f *folder) roles() *Roles {
	r := f.family.roles
	for key, token := range f.settings.roles {
		if *r.of(key) = ""; token != nil {
			*r.of(key) = token.Text
		}
	}
	return &r
}

// clip returns the stages of CLIP (Radford et al. 2021): lower case, and tokens that end a word have </w>.
func (f *folder) clip(ids map[string]int32, merges [][2]string) (Stages, error) {
	roles := f.roles()
	model, err := newBPE(BPEConfig{Vocab: ids, Merges: merges, Unknown: roles.Unk, Suffix: "</w>"})
	if err != nil {
		return Stages{}, err
	}
	s := Stages{
		Normalizer: Normalizers{NFC, Replace{Pattern: `\s+`, Regex: true, Content: " "}, Lowercase{}},
		Splitter:   Splitters{Split{Pattern: patternCLIP, Regex: true, Behavior: Removed, Invert: true}, ByteLevel{TrimOffsets: true}},
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

// bert returns the stages of a vocab.txt. Without do_lower_case a named class lowercases, as in transformers; without a class
// the vocabulary decides.
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

// sentencePiece returns the stages of a .model file, or of Llama 3's file of that name, which is a tiktoken file.
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
		s.Normalizer.(*spmNormalizer).dummyPrefix = *f.prefixSpace // the decoder reads it, too
	}
	if f.legacy != nil && !*f.legacy {
		s.Normalizer = firstOnly{s.Normalizer.(*spmNormalizer)}
	}
	if f.kind == t5Files {
		return s, f.t5(&s)
	}
	return s, nil
}

// t5 adds </s> behind texts, and the tokens <extra_id_0>, … from the end of the vocabulary down.
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
		return nil // they have their ids already
	}
	for i := n - 1; i >= 0; i-- {
		s.Added = append(s.Added, AddedToken{ID: int32(s.Model.VocabSize() + n - 1 - i), Text: "<extra_id_" + strconv.Itoa(i) + ">", Special: true})
	}
	return nil
}

// rankedStages returns the stages of a tiktoken file that is known by its number of ranks.
func rankedStages(data []byte) (Stages, error) {
	raw, err := parseRanks(data)
	if err != nil {
		return Stages{}, err
	}
	for name, ranks := range map[string]int{"llama3": 128000} {
		if c, ok := TiktokenNamed(name); ok && len(raw) == ranks {
			t, err := parseTiktoken(data, c)
			if err != nil {
				return Stages{}, err
			}
			return t.stages, nil
		}
	}
	return Stages{}, errors.Errorf("it is a tiktoken file of %d ranks, not one of sentencepiece, and its pattern is not in it: use LoadTiktoken, or name a file of "+
		"Llama 3 llama3.tiktoken", len(raw))
}
