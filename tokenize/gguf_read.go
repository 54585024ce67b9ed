package tokenize

import (
	"math"
	"slices"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// ggufSplitter is a splitter with a name in GGUF files.
type ggufSplitter struct {
	splitter   Splitter
	normalizer Normalizer
	whole      bool // pieces that are tokens are not cut (ignore_merges)
	addsBOS    bool
}

func patternSplitter(pattern string) Splitter {
	return Splitters{Split{Pattern: pattern, Regex: true, Behavior: Isolated}, ByteLevel{NoPattern: true}}
}

// ggufSplitters lists the splitters by name. The first name of equal ones is written.
var ggufSplitters = []struct {
	names string
	ggufSplitter
}{
	{"gpt-2 default mpt olmo jais phi-2 jina-es jina-de jina-v2-es jina-v2-de jina-v2-code roberta-bpe gigachat", ggufSplitter{splitter: ByteLevel{}}},
	{"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral dbrx smaug-bpe", ggufSplitter{splitter: patternSplitter(scan.PatternCL100K), whole: true, addsBOS: true}},
	{"qwen2 deepseek-r1-qwen stablelm2 hunyuan megrez", ggufSplitter{splitter: patternSplitter(scan.PatternQwen2), normalizer: NFC}},
	{"gpt-4o llama4", ggufSplitter{splitter: patternSplitter(scan.PatternO200K)}},
	{"starcoder refact command-r smollm codeshell exaone minerva-7b", ggufSplitter{splitter: Splitters{Digits{Individual: true}, ByteLevel{}}}},
	{"falcon", ggufSplitter{splitter: Splitters{
		Punctuation{Behavior: Contiguous}, ByteLevel{}, Digits{}, Split{Pattern: scan.PatternThree, Regex: true, Behavior: Isolated},
	}}},
	{"deepseek-coder", ggufSplitter{splitter: Splitters{
		isolated(`[\r\n]`), isolated(`\s?\p{L}+`), isolated(`\s?\p{P}+`), isolated("[一-龥ࠀ-一가-\ud7ff]+"), isolated(`\p{N}`), ByteLevel{NoPattern: true},
	}}},
}

func isolated(pattern string) Split { return Split{Pattern: pattern, Regex: true, Behavior: Isolated} }

// splitterNamed returns the splitter with a name; "" means default.
func splitterNamed(name string) (ggufSplitter, error) {
	var all []string
	for _, s := range ggufSplitters {
		for n := range strings.FieldsSeq(s.names) {
			if n == name || n == "default" && name == "" {
				return s.ggufSplitter, nil
			}
			all = append(all, n)
		}
	}
	return ggufSplitter{}, errors.Errorf("%s is %.100q, want one of %s", ggufPre, name, strings.Join(all, ", "))
}

// bytePairs returns byte-level BPE.
func (v *ggufVocab) bytePairs() (*Tokenizer, error) {
	name, _ := v.all[ggufPre].(string)
	pre, err := splitterNamed(name)
	if err != nil {
		return nil, err
	}
	ids, err := v.ids()
	if err != nil {
		return nil, err
	}
	lines, ok := v.all[ggufMerges].([]string)
	if !ok {
		return nil, errors.Errorf("%s is %T, want strings", ggufMerges, v.all[ggufMerges])
	}
	merges := make([][2]string, len(lines))
	for i, line := range lines {
		if merges[i], err = cutMerge(line, ids); err != nil {
			return nil, errors.WithMessagef(err, "%s[%d]", ggufMerges, i)
		}
	}
	model, err := newBPE(BPEConfig{Vocab: ids, Merges: merges, IgnoreMerges: pre.whole})
	if err != nil {
		return nil, err
	}
	return v.finish(Stages{Normalizer: pre.normalizer, Splitter: pre.splitter, Model: model, Decoder: ByteLevel{}, Added: v.added()}, pre.addsBOS)
}

// wordPiece returns BERT's WordPiece. Tokens that begin a word have "▁" in front, the others have no "##".
func (v *ggufVocab) wordPiece() (*Tokenizer, error) {
	v.tokens = slices.Clone(v.tokens)
	for i, token := range v.tokens {
		if v.types[i] == spmNormal {
			v.tokens[i] = fromPhantom(token)
		} else {
			v.tokens[i] = strings.TrimPrefix(token, "▁")
		}
	}
	ids, err := v.ids()
	if err != nil {
		return nil, err
	}
	unknown := "[UNK]"
	if t := v.token("unk_token"); t != nil {
		unknown = t.Text
	}
	model, err := newWordPiece(WordPieceConfig{Vocab: ids, Unknown: unknown, Prefix: "##"})
	if err != nil {
		return nil, err
	}
	s := Stages{
		Normalizer: guessBERT(ids), Splitter: BertSplitter{}, Model: model, Decoder: WordPieceDecoder{Prefix: "##", Cleanup: true}, Added: v.added(),
	}
	list := addedList{s.Added, model}
	for _, role := range []string{"unk_token", "cls_token", "sep_token", "pad_token", "mask_token"} {
		if t := v.token(role); t != nil {
			list.put(AddedToken{Text: t.Text, Special: true}, false)
		}
	}
	s.Added = list.tokens
	if cls, sep := v.either("cls_token", "bos_token"), v.either("sep_token", "eos_token"); cls != nil && sep != nil && v.flag(ggufSep, true) {
		s.PostProcessor = BertProcessing{Cls: *cls, Sep: *sep}
	}
	return v.finish(s, false)
}

// either returns the token of the first role that has one.
func (v *ggufVocab) either(roles ...string) *SpecialToken {
	for _, role := range roles {
		if t := v.token(role); t != nil {
			return t
		}
	}
	return nil
}

// phantom returns the spelling of a WordPiece token in GGUF files.
func phantom(token string) string {
	if inBrackets(token) {
		return token
	}
	if rest, ok := strings.CutPrefix(token, "##"); ok {
		return rest
	}
	return "▁" + token
}

func fromPhantom(token string) string {
	if inBrackets(token) {
		return token
	}
	if rest, ok := strings.CutPrefix(token, "▁"); ok {
		return rest
	}
	return "##" + token
}

func inBrackets(token string) bool {
	return strings.HasPrefix(token, "[") && strings.HasSuffix(token, "]")
}

// sentencePiece returns the model of a file of sentencepiece: BPE by scores or Unigram.
func (v *ggufVocab) sentencePiece(kind uint64) (*Tokenizer, error) {
	if v.scores == nil {
		return nil, errors.Errorf("%s is %T, want float32 numbers", ggufScores, v.all[ggufScores])
	}
	var b []byte
	bytes := 0
	for i, text := range v.tokens {
		if text == "" {
			return nil, errors.Errorf("%s: token %d is empty", ggufTokens, i)
		}
		piece := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), text)
		piece = protowire.AppendFixed32(protowire.AppendTag(piece, 2, protowire.Fixed32Type), math.Float32bits(v.scores[i]))
		piece = protowire.AppendVarint(protowire.AppendTag(piece, 3, protowire.VarintType), uint64(v.pieceKind(i)))
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), piece)
		if v.types[i] == spmByte {
			bytes++
		}
	}
	trainer := appendVarint(appendVarint(nil, 3, kind), 35, boolBit(bytes == 256))
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), trainer)
	normalizer := appendVarint(nil, 3, boolBit(v.flag(ggufPrefix, true)))
	normalizer = appendVarint(normalizer, 4, boolBit(v.flag(ggufSpaces, false)))
	if charsmap, ok := v.all[ggufCharsmap].([]uint8); ok {
		normalizer = protowire.AppendBytes(protowire.AppendTag(normalizer, 2, protowire.BytesType), charsmap)
	}
	b = protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), normalizer)
	s, err := parseSPMStages(b)
	if err != nil {
		return nil, err
	}
	t, err := v.finish(s, kind == spmModelBPE)
	if err != nil {
		return nil, err
	}
	t.class = "LlamaTokenizer" // so that a folder can hold it
	if kind == spmModelUnigram && v.flag(ggufEOS, false) && !v.flag(ggufBOS, false) && v.token("eos_token") != nil {
		t.class = "T5Tokenizer"
	}
	return t, nil
}

// pieceKind returns the type of a piece. The token of the role is the unknown piece, whatever its type is.
func (v *ggufVocab) pieceKind(i int) spmKind {
	if t := v.token("unk_token"); t != nil && int(t.ID) == i {
		return spmUnknown
	}
	return v.types[i]
}

func appendVarint(b []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), v)
}

func boolBit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
