package trainer

import (
	"iter"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// draft is a vocabulary during training: special tokens, then the tokens that training finds. It may begin with the vocabulary
// of a tokenizer, whose ids it keeps.
type draft struct {
	size   int              // maximum number of entries; 0: no limit
	ids    map[string]int32 // token → id
	tokens []string         // by id
	added  []tokenize.AddedToken
}

// plan is the common part of all trainers.
type plan struct {
	size       int
	special    []string
	unknown    string // "": none
	normalizer tokenize.Normalizer
	splitter   tokenize.Splitter
	workers    int
	pieces     int
	progress   func(Progress)
	old        *tokenize.Tokenizer // the tokenizer to extend; nil: none
	bytes      bool                // texts may hold any bytes, otherwise only UTF-8
}

// begin assigns ids to the special tokens. If the plan extends a tokenizer, it takes over the stages of the tokenizer.
func (p *plan) begin() (*draft, error) {
	d := &draft{size: p.size, ids: map[string]int32{}}
	special := slices.Clone(p.special)
	if p.old != nil {
		s := p.old.Stages()
		p.normalizer, p.splitter = s.Normalizer, s.Splitter
		if p.splitter == nil {
			p.splitter = tokenize.Splitters{}
		}
		d.copy(p.old)
	} else if p.unknown != "" && !slices.Contains(special, p.unknown) {
		special = append(special, p.unknown)
	}
	seen := map[string]bool{}
	for _, s := range special {
		if seen[s] || s == "" {
			return nil, errors.Errorf("special token %q: empty or given twice", s)
		}
		seen[s] = true
		if !d.isAdded(s) {
			d.added = append(d.added, tokenize.AddedToken{ID: d.token(s), Text: s, Special: true})
		}
	}
	if d.size < 0 || d.size > 0 && d.size <= len(d.tokens) {
		return nil, errors.Errorf("a vocabulary of %d has no room in addition to %d special and old tokens", d.size, len(d.tokens))
	}
	return d, nil
}

// copy begins with the vocabulary of t. Gaps between its ids stay free.
func (d *draft) copy(t *tokenize.Tokenizer) {
	model := t.Stages().Model
	d.tokens = make([]string, t.VocabSize())
	for id := range d.tokens {
		if token, ok := model.IDToToken(int32(id)); ok {
			d.tokens[id], d.ids[token] = token, int32(id)
		}
	}
	d.added = slices.Clone(t.Stages().Added)
}

func (d *draft) isAdded(text string) bool {
	return slices.ContainsFunc(d.added, func(a tokenize.AddedToken) bool { return a.Text == text })
}

// token returns the id of a token. A new token gets the next free id.
func (d *draft) token(text string) int32 {
	id, ok := d.ids[text]
	if !ok {
		id = int32(len(d.tokens))
		d.ids[text] = id
		d.tokens = append(d.tokens, text)
	}
	return id
}

// room returns the number of tokens that still fit.
func (d *draft) room() int {
	if d.size == 0 {
		return 1<<31 - 1 - len(d.tokens)
	}
	return d.size - len(d.tokens)
}

// count counts the pieces of texts between the added tokens of d.
func (p *plan) count(d *draft, texts iter.Seq[string]) (*tally, error) {
	pieces := tokenize.Stages{Normalizer: p.normalizer, Splitter: p.splitter, Added: d.added}.Pieces()
	c := counter{pieces: pieces, workers: p.workers, most: p.pieces, bytes: p.bytes, progress: p.progress}
	return c.count(texts)
}

// finish makes a tokenizer of s, or of the stages of the tokenizer to extend, with m and the added tokens of d.
func (p *plan) finish(d *draft, s tokenize.Stages, m tokenize.Model) (*tokenize.Tokenizer, error) {
	s.Normalizer, s.Splitter = p.normalizer, p.splitter
	if p.old != nil {
		s = p.old.Stages()
	}
	s.Model, s.Added = m, d.added
	t, err := tokenize.New(s)
	if err == nil && p.old != nil {
		t.Special, t.Bare = p.old.Special, p.old.Bare
		t.SkipSpecial, t.OmitUnknown, t.RuneOffsets = p.old.SkipSpecial, p.old.OmitUnknown, p.old.RuneOffsets
	}
	return t, err
}

// bytes assigns tokens to all bytes, for characters without a token.
func (d *draft) bytes() {
	for _, token := range (tokenize.ByteFallback{}).Alphabet() {
		d.token(token)
	}
}
