package encoders

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Special returns the special tokens of a tokenizer that is trained for a family. Their ids are those of the published models.
func Special(family string) []string {
	if family == "roberta" {
		return []string{"<s>", "<pad>", "</s>", "<unk>", "<mask>"}
	}
	return []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
}

// Frame returns a trained tokenizer that puts its tokens around a text, as in the published models: [CLS] text [SEP], or <s> text </s>.
// A tokenizer that adds tokens already stays the same.
func Frame(v vocabulary.Vocabulary) (vocabulary.Vocabulary, error) {
	stages := v.Stages()
	if stages.PostProcessor != nil {
		return v, nil
	}
	t, err := NewTokens(v.Tokenizer)
	if err != nil {
		return v, err
	}
	part := func(id, segment int32) tokenize.TemplatePart {
		text, _ := v.IDToToken(id)
		return tokenize.TemplatePart{Name: text, IDs: []int32{id}, Tokens: []string{text}, Type: segment}
	}
	cls, sep := part(t.CLS, 0), part(t.SEP, 0)
	single := []tokenize.TemplatePart{cls, {Text: "A"}, sep}
	pair := append(slices.Clone(single), tokenize.TemplatePart{Text: "B", Type: 1}, part(t.SEP, 1))
	if cls.Name == "<s>" { // a RoBERTa has one segment, and two tokens between texts
		pair = append(slices.Clone(single), sep, tokenize.TemplatePart{Text: "B"}, sep)
	}
	stages.PostProcessor = tokenize.Template{Single: single, Pair: pair}
	framed, err := tokenize.New(stages)
	if err != nil {
		return v, err
	}
	framed.OmitUnknown = v.OmitUnknown
	v.Tokenizer = framed.ForText()
	v.Files, err = v.ModelFiles()
	return v, err
}

// Tokens is a tokenizer with the tokens that an encoder needs.
type Tokens struct {
	*tokenize.Tokenizer // for text alone: see tokenize.Tokenizer.ForText
	CLS, SEP            int32
	PAD                 int32 // CLS if there is none: padding has no influence
}

// NewTokens returns the tokens of a tokenizer. Special tokens in a text are text. It is an error if no token begins a text, or none ends
// it.
func NewTokens(t *tokenize.Tokenizer) (s Tokens, err error) {
	s.Tokenizer = t.ForText()
	s.Special = tokenize.AsText
	if s.CLS, err = first(t.CLS, t.BOS, "begins a text: cls_token or bos_token"); err != nil {
		return s, err
	}
	if s.SEP, err = first(t.Sep, t.EOS, "ends a text: sep_token or eos_token"); err != nil {
		return s, err
	}
	var ok bool
	if s.PAD, ok = t.Pad(); !ok {
		s.PAD = s.CLS
	}
	return s, nil
}

func first(one, other func() (int32, bool), does string) (int32, error) {
	if id, ok := one(); ok {
		return id, nil
	}
	if id, ok := other(); ok {
		return id, nil
	}
	return 0, errors.Errorf("the tokenizer has no token that %s: its tokenizer_config.json can name one", does)
}

// AppendEncode appends the ids of a text between CLS and SEP. It implements data.Encoder.
func (s Tokens) AppendEncode(dst []int32, text string) ([]int32, error) {
	n := len(dst)
	dst, err := s.Tokenizer.AppendEncode(append(dst, s.CLS), text)
	if err != nil {
		return dst[:n], err
	}
	return append(dst, s.SEP), nil
}

// Hidden returns the token that hides another.
func (s Tokens) Hidden() (int32, error) {
	id, ok := s.Mask()
	if !ok {
		return 0, errors.New("the tokenizer has no token that hides another, such as [MASK]: its tokenizer_config.json can name one as mask_token")
	}
	return id, nil
}

// Keep returns the tokens that are no text: special tokens and the unknown token.
func (s Tokens) Keep() (ids []int32) {
	ids = []int32{s.CLS, s.SEP, s.PAD}
	if unk, ok := s.Unk(); ok {
		ids = append(ids, unk)
	}
	for _, a := range s.Stages().Added {
		if a.Special {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Inside reports, by id, whether a token continues a word. WordPiece marks such tokens with ##. Other tokenizers mark the tokens that begin
// a word, with a space; punctuation also begins one. It is an error if the tokenizer marks nothing.
func (s Tokens) Inside() ([]bool, error) {
	pieces, spaces := s.marks()
	if !pieces && !spaces {
		return nil, errors.New("the tokenizer does not mark where words begin: use wordpiece, bpe or unigram, or leave -whole-words out")
	}
	inside, keep := make([]bool, s.VocabSize()), s.Keep()
	for id := range inside {
		text, _ := s.IDToToken(int32(id))
		r, _ := utf8.DecodeRuneInString(text)
		switch {
		case slices.Contains(keep, int32(id)):
		case pieces:
			inside[id] = continues(text)
		default:
			inside[id] = !begins(text) && !(r < utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r)))
		}
	}
	return inside, nil
}

// marks reports whether tokens that continue a word have a mark, or tokens that begin one.
func (s Tokens) marks() (pieces, spaces bool) {
	for id := range int32(s.VocabSize()) {
		text, _ := s.IDToToken(id)
		pieces = pieces || continues(text)
		spaces = spaces || begins(text) && utf8.RuneCountInString(text) > 1
	}
	return pieces, spaces
}

// continues reports whether a token has WordPiece's mark.
func continues(text string) bool { return strings.HasPrefix(text, "##") && len(text) > 2 }

// begins reports whether a token begins with the mark of a space: of byte-level BPE, or of sentencepiece.
func begins(text string) bool { return strings.HasPrefix(text, "Ġ") || strings.HasPrefix(text, "▁") }

// EncodeMasked returns the ids of a text in which [MASK], or the tokenizer's own such token, hides words, between CLS and SEP, and the
// positions of the hidden words.
func (s Tokens) EncodeMasked(text string) (ids []int32, masks []int, err error) {
	mask, err := s.Hidden()
	if err != nil {
		return nil, nil, err
	}
	_, spaces := s.marks()
	ids = append(ids, s.CLS)
	parts := s.SplitMasks(text)
	for i, part := range parts {
		if i < len(parts)-1 && spaces {
			part = strings.TrimRightFunc(part, unicode.IsSpace) // the hidden word includes the space in front of it
		}
		if part != "" {
			if ids, err = s.Tokenizer.AppendEncode(ids, part); err != nil {
				return nil, nil, err
			}
		}
		if i < len(parts)-1 {
			masks, ids = append(masks, len(ids)), append(ids, mask)
		}
	}
	return append(ids, s.SEP), masks, nil
}

// SplitMasks returns the parts of a text between the tokens that hide words.
func (s Tokens) SplitMasks(text string) []string {
	return strings.Split(strings.ReplaceAll(text, s.Roles.Mask, "[MASK]"), "[MASK]")
}

// Word returns a token as text, without the space in front of it. A token that continues a word has the mark ##.
func (s Tokens) Word(id int32) (string, error) {
	if text, _ := s.IDToToken(id); continues(text) {
		return text, nil
	}
	text, err := s.Decode([]int32{id})
	return strings.TrimSpace(text), err
}
