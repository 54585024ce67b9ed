package tokenize

import (
	"iter"
	"slices"

	"github.com/pkg/errors"
)

// draft is a vocabulary in the making: special tokens, then what training finds. It may begin with that of a tokenizer,
// whose ids stay.
type draft struct {
	size   int              // entries at most; 0: no limit
	ids    map[string]int32 // token → id
	tokens []string         // by id
	added  []AddedToken
}

// plan is what all trainers have in common.
type plan struct {
	size       int
	special    []string
	unknown    string // "": none
	normalizer Normalizer
	splitter   Splitter
	workers    int
	pieces     int
	progress   func(Progress)
	old        *Tokenizer // the one to continue; nil: none
}

// begin gives the special tokens their ids. When it continues a tokenizer, its stages are the plan's.
func (p *plan) begin() (*draft, error) {
	d := &draft{size: p.size, ids: map[string]int32{}}
	special := slices.Clone(p.special)
	if p.old != nil {
		s := p.old.stages
		p.normalizer, p.splitter = s.Normalizer, s.Splitter
		if p.splitter == nil {
			p.splitter = Splitters{}
		}
		d.copy(p.old)
	} else if p.unknown != "" && !slices.Contains(special, p.unknown) {
		special = append(special, p.unknown)
	}
	seen := map[string]bool{}
	for _, s := range special {
		if seen[s] || s == "" {
			return nil, errors.Errorf("special token %q: empty or there twice", s)
		}
		seen[s] = true
		if !d.isAdded(s) {
			d.added = append(d.added, AddedToken{ID: d.token(s), Text: s, Special: true})
		}
	}
	if d.size < 0 || d.size > 0 && d.size <= len(d.tokens) {
		return nil, errors.Errorf("a vocabulary of %d has no room beside %d special and old tokens", d.size, len(d.tokens))
	}
	return d, nil
}

// copy begins with the vocabulary of t. Ids that it leaves out stay free.
func (d *draft) copy(t *Tokenizer) {
	d.tokens = make([]string, t.VocabSize())
	for id := range d.tokens {
		if token, ok := t.stages.Model.IDToToken(int32(id)); ok {
			d.tokens[id], d.ids[token] = token, int32(id)
		}
	}
	d.added = slices.Clone(t.stages.Added)
}

func (d *draft) isAdded(text string) bool {
	return slices.ContainsFunc(d.added, func(a AddedToken) bool { return a.Text == text })
}

// token returns the id of a token, the next free one when it is new.
func (d *draft) token(text string) int32 {
	id, ok := d.ids[text]
	if !ok {
		id = int32(len(d.tokens))
		d.ids[text] = id
		d.tokens = append(d.tokens, text)
	}
	return id
}

// room is the number of tokens that still fit.
func (d *draft) room() int {
	if d.size == 0 {
		return 1<<31 - 1 - len(d.tokens)
	}
	return d.size - len(d.tokens)
}

func (d *draft) matcher() *matcher {
	m := &matcher{}
	for _, a := range d.added {
		m.add(a, a.Text)
	}
	return m.finish()
}

// count counts the pieces of texts, parted at the added tokens of d.
func (p *plan) count(d *draft, texts iter.Seq[string]) (*tally, error) {
	c := counter{p.normalizer, p.splitter, d.matcher(), p.workers, p.pieces, p.progress}
	return c.count(texts)
}

// finish puts m and the added tokens of d into s, or into the stages of the tokenizer that was continued.
func (p *plan) finish(d *draft, s Stages, m Model) (*Tokenizer, error) {
	s.Normalizer, s.Splitter = p.normalizer, p.splitter
	if p.old != nil {
		s = p.old.stages
	}
	s.Model, s.Added = m, d.added
	t, err := newTokenizer(s)
	if err == nil && p.old != nil {
		t.Special, t.Bare = p.old.Special, p.old.Bare
		t.SkipSpecial, t.OmitUnknown, t.RuneOffsets = p.old.SkipSpecial, p.old.OmitUnknown, p.old.RuneOffsets
	}
	return t, err
}
