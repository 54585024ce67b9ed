package tokenize

import (
	"sync"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/pkg/errors"
)

// regex is a regular expression on a backtracking engine, for the patterns that have no scanner.
type regex struct{ re *regexp2.Regexp }

// maxCompiled is how many compiled expressions are kept.
const maxCompiled = 256

// compiled holds expressions by pattern, so that the stages that have one stay plain data.
var compiled struct {
	sync.RWMutex
	byPattern map[string]*regex
}

// compile returns the regex of a pattern in Oniguruma's syntax. A construct that is not known here is an error.
func compile(pattern string) (*regex, error) {
	compiled.RLock()
	r, ok := compiled.byPattern[pattern]
	compiled.RUnlock()
	if ok {
		return r, nil
	}
	translated, err := translateRegex(pattern)
	if err != nil {
		return nil, err
	}
	re, err := regexp2.Compile(translated, regexp2.None)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	r = &regex{re}
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.byPattern == nil || len(compiled.byPattern) >= maxCompiled {
		compiled.byPattern = map[string]*regex{}
	}
	compiled.byPattern[pattern] = r
	return r, nil
}

// findAll returns the matches in text, from left to right. A byte that is no character counts as U+FFFD.
func (r *regex) findAll(text string) []Span {
	runes := make([]rune, 0, len(text))
	var offsets []int // the byte where each rune begins; nil: all are ASCII
	for i := 0; i < len(text); {
		c, w := utf8.DecodeRuneInString(text[i:])
		if w > 1 && offsets == nil || c == utf8.RuneError && offsets == nil {
			offsets = make([]int, len(runes), len(text)+1)
			for k := range offsets {
				offsets[k] = k
			}
		}
		if offsets != nil {
			offsets = append(offsets, i)
		}
		runes = append(runes, c)
		i += w
	}
	if offsets != nil {
		offsets = append(offsets, len(text))
	}
	var found []Span
	last := -1
	m, err := r.re.FindRunesMatch(runes)
	for ; err == nil && m != nil; m, err = r.re.FindNextMatch(m) {
		s := Span{m.Index, m.Index + m.Length}
		if s.Start == s.End && s.Start == last {
			continue
		}
		last = s.End
		if offsets != nil {
			s = Span{offsets[s.Start], offsets[s.End]}
		}
		found = append(found, s)
	}
	return found
}
