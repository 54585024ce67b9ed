package flags

import (
	"encoding"
	"flag"
)

// Set holds the flags of a command, in groups. Flags declared on the embedded FlagSet also belong to the current group.
type Set struct {
	*flag.FlagSet
	groups []group
}

// group is a heading and its flags in order of declaration.
type group struct {
	title string
	flags []*flag.Flag
}

// NewSet returns a Set without flags, for the command with a name.
func NewSet(name string) *Set {
	return &Set{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), groups: []group{{title: "Flags"}}}
}

// Group starts a group of flags, or continues the group with that title.
func (s *Set) Group(title string) {
	s.sync()
	for i, g := range s.groups {
		if g.title == title { // moves to the end, where sync appends
			s.groups = append(append(s.groups[:i:i], s.groups[i+1:]...), g)
			return
		}
	}
	s.groups = append(s.groups, group{title: title})
}

// sync appends the flags without a group to the current group.
func (s *Set) sync() {
	known := map[string]bool{}
	for _, g := range s.groups {
		for _, f := range g.flags {
			known[f.Name] = true
		}
	}
	g := &s.groups[len(s.groups)-1]
	s.VisitAll(func(f *flag.Flag) {
		if !known[f.Name] {
			g.flags = append(g.flags, f)
		}
	})
}

// names returns the names of all flags.
func (s *Set) names() (list []string) {
	s.VisitAll(func(f *flag.Flag) { list = append(list, f.Name) })
	return list
}

// Given reports whether the arguments set the flag.
func (s *Set) Given(name string) (given bool) {
	s.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// StringVar declares a flag as flag.FlagSet does.
func (s *Set) StringVar(p *string, name, value, usage string) {
	s.FlagSet.StringVar(p, name, value, usage)
	s.sync()
}

// IntVar declares a flag as flag.FlagSet does.
func (s *Set) IntVar(p *int, name string, value int, usage string) {
	s.FlagSet.IntVar(p, name, value, usage)
	s.sync()
}

// Uint64Var declares a flag as flag.FlagSet does.
func (s *Set) Uint64Var(p *uint64, name string, value uint64, usage string) {
	s.FlagSet.Uint64Var(p, name, value, usage)
	s.sync()
}

// Float64Var declares a flag as flag.FlagSet does.
func (s *Set) Float64Var(p *float64, name string, value float64, usage string) {
	s.FlagSet.Float64Var(p, name, value, usage)
	s.sync()
}

// BoolVar declares a flag as flag.FlagSet does.
func (s *Set) BoolVar(p *bool, name string, value bool, usage string) {
	s.FlagSet.BoolVar(p, name, value, usage)
	s.sync()
}

// TextVar declares a flag as flag.FlagSet does.
func (s *Set) TextVar(p encoding.TextUnmarshaler, name string, value encoding.TextMarshaler, usage string) {
	s.FlagSet.TextVar(p, name, value, usage)
	s.sync()
}

// EncodingHelp is the text of a flag of type textfile.Encoding.
const EncodingHelp = "`name` of the encoding of the text: utf-8, utf-16, cp949, shift_jis, gb18030, big5, latin1, windows-1252 or another IANA name"

// Var declares a flag as flag.FlagSet does.
func (s *Set) Var(value flag.Value, name, usage string) {
	s.FlagSet.Var(value, name, usage)
	s.sync()
}
