package graph

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// Look makes the values that layers offer for looking at, under a path that matches the pattern, outputs of the Program. The pattern is
// as in Params.Freeze: **.probabilities selects the probabilities of all attentions, ** selects everything. Build fails if
// nothing matches. Call Look before the model is declared. Other results stay the same, bit for bit, but their memory is larger.
func (s *Scope) Look(pattern string) { s.b.looks = append(s.b.looks, &look{pattern: pattern}) }

// Show offers a value of the scope for looking at. It calls value, and makes the result an output with the path of name, only if a Look
// selects this path. Otherwise it costs nothing.
func (s *Scope) Show(name string, value func() *G.Node) {
	path := s.In(name).Path()
	selected := false
	for _, l := range s.b.looks {
		if MatchPath(l.pattern, path) {
			l.found, selected = true, true
		}
	}
	if selected && s.b.err == nil {
		s.Output(path, value())
	}
}

// look is the pattern of a Look. found is true if a value matches it.
type look struct {
	pattern string
	found   bool
}

// unseen returns an error for a pattern that matches no value.
func (b *builder) unseen() error {
	if i := slices.IndexFunc(b.looks, func(l *look) bool { return !l.found }); i >= 0 {
		return errors.Errorf("look: no layer shows a value whose path matches %q", b.looks[i].pattern)
	}
	return nil
}

// Outputs returns the names of the outputs in the order of their declaration.
func (p *Program) Outputs() []string { return slices.Clone(p.ran.Load().names) }
