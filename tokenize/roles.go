package tokenize

import "strings"

// Roles holds the texts of the tokens with a role in models. "" means that no token has the role. New and Load take each
// role from the first of these sources that has it:
//
//   - tokenizer_config.json and special_tokens_map.json of a folder;
//   - the class that the folder names, as in Hugging Face's transformers;
//   - the stages: the unknown token of the model; the tokens of a RobertaProcessing, a BertProcessing or a Template with one
//     token before or after the text; the token of Padding; and special tokens with a name that has one meaning
//     everywhere, such as <s>, </s>, <pad>, [CLS] or <|endoftext|>.
//
// Save to a folder and ModelFiles keep the roles.
type Roles struct {
	BOS, EOS, Pad, Unk, CLS, Sep, Mask string
}

// roleKeys lists the keys of settings files, in the order in which transformers adds their tokens.
var roleKeys = []string{"bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}

// of returns the field for a key of a settings file.
func (r *Roles) of(key string) *string {
	switch key {
	case "bos_token":
		return &r.BOS
	case "eos_token":
		return &r.EOS
	case "unk_token":
		return &r.Unk
	case "sep_token":
		return &r.Sep
	case "pad_token":
		return &r.Pad
	case "cls_token":
		return &r.CLS
	}
	return &r.Mask
}

// BOS returns the id of the token that begins a text. ok is false if there is none.
func (t *Tokenizer) BOS() (id int32, ok bool) { return t.role(t.Roles.BOS) }

// EOS returns the id of the token that ends a text. ok is false if there is none.
func (t *Tokenizer) EOS() (id int32, ok bool) { return t.role(t.Roles.EOS) }

// Pad returns the id of the token that fills rows. ok is false if there is none.
func (t *Tokenizer) Pad() (id int32, ok bool) { return t.role(t.Roles.Pad) }

// Unk returns the id of the token for unknown text. ok is false if there is none.
func (t *Tokenizer) Unk() (id int32, ok bool) { return t.role(t.Roles.Unk) }

// CLS returns the id of the token in front of a text to classify. ok is false if there is none.
func (t *Tokenizer) CLS() (id int32, ok bool) { return t.role(t.Roles.CLS) }

// Sep returns the id of the token between two texts. ok is false if there is none.
func (t *Tokenizer) Sep() (id int32, ok bool) { return t.role(t.Roles.Sep) }

// Mask returns the id of the token that hides another. ok is false if there is none.
func (t *Tokenizer) Mask() (id int32, ok bool) { return t.role(t.Roles.Mask) }

func (t *Tokenizer) role(token string) (id int32, ok bool) {
	if token == "" {
		return 0, false
	}
	return t.TokenToID(token)
}

// usual lists, by key, the names of special tokens that have one meaning in all published tokenizers.
var usual = map[string][]string{
	"bos_token":  {"<s>", "<bos>", "[BOS]", "<|bos|>", "<|begin_of_text|>", "<|startoftext|>", "<｜begin▁of▁sentence｜>"},
	"eos_token":  {"</s>", "<eos>", "[EOS]", "<|eos|>", "<|end_of_text|>", "<|endoftext|>", "<｜end▁of▁sentence｜>"},
	"unk_token":  {"<unk>", "[UNK]", "<|unk|>"},
	"pad_token":  {"<pad>", "[PAD]", "<|pad|>"},
	"cls_token":  {"[CLS]", "<cls>"},
	"sep_token":  {"[SEP]", "<sep>"},
	"mask_token": {"[MASK]", "<mask>"},
}

// plainRoles returns the roles that the stages imply.
func (c *core) plainRoles() Roles {
	var r Roles
	_ = each(c.stages.PostProcessor, func(part any) error { r.fromProcessor(part); return nil })
	r.put("unk_token", unknownOf(c.stages.Model))
	for _, key := range roleKeys {
		for _, name := range usual[key] {
			if c.added[name].Special {
				r.put(key, name)
			}
		}
	}
	return r
}

// put sets the role of key to token, unless the role is already set.
func (r *Roles) put(key, token string) {
	if to := r.of(key); *to == "" {
		*to = token
	}
}

// fromProcessor sets roles from the tokens that a PostProcessor adds.
func (r *Roles) fromProcessor(part any) {
	switch p := part.(type) {
	case BertProcessing:
		r.put("cls_token", p.Cls.Text)
		r.put("sep_token", p.Sep.Text)
	case RobertaProcessing:
		for key, token := range map[string]string{"cls_token": p.Cls.Text, "bos_token": p.Cls.Text, "sep_token": p.Sep.Text, "eos_token": p.Sep.Text} {
			r.put(key, token)
		}
	case Template:
		r.fromTemplate(p)
	}
}

func (r *Roles) fromTemplate(p Template) {
	var around [2][]string
	side := 0
	for _, part := range p.Single {
		if part.Text != "" {
			side = 1
			continue
		}
		around[side] = append(around[side], part.Tokens...)
	}
	for i, keys := range [][2]string{{"bos_token", "cls_token"}, {"eos_token", "sep_token"}} {
		if len(around[i]) != 1 {
			continue
		}
		key := keys[0]
		if name := strings.ToLower(around[i][0]); strings.Contains(name, "cls") || strings.Contains(name, "sep") {
			key = keys[1]
		}
		r.put(key, around[i][0])
	}
}

// unknownOf returns the unknown token of a model, or "" if there is none.
func unknownOf(m Model) string {
	switch m := m.(type) {
	case *BPE:
		return known(m, m.config.Unknown)
	case *WordPiece:
		return known(m, m.config.Unknown)
	case *WordLevel:
		return known(m, m.unknown)
	case *Unigram:
		token, _ := m.IDToToken(m.config.Unknown)
		return token
	case *SentencePiece:
		token, _ := m.IDToToken(m.unknown)
		return token
	}
	return ""
}

// known returns token if m has it, otherwise "".
func known(m Model, token string) string {
	if _, ok := m.TokenToID(token); !ok {
		return ""
	}
	return token
}
