// Package onig runs regular expressions in the syntax of Oniguruma, which tokenizer.json files use. Most of them compile to
// a program that takes linear time. The others run under a time limit.
package onig

import (
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/pkg/errors"
)

// regex is a compiled regular expression: a Program, or a backtracking engine for the few constructs that programs do not
// support.
type regex struct {
	Program *Program
	re      *regexp2.Regexp
}

// matchTime is the engine's maximum time for one match. findTime is its maximum time for 100,000 bytes of text.
const (
	matchTime = time.Second
	findTime  = 10 * time.Second
)

// maxCompiled is the maximum number of compiled expressions that are kept.
const maxCompiled = 256

// compiled holds expressions by pattern, so that stages with a pattern can be plain data.
var compiled struct {
	sync.RWMutex
	byPattern map[string]*regex
}

// Compile compiles a pattern in Oniguruma's syntax. An unknown construct is an error.
func Compile(pattern string) (*regex, error) {
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
	if r, err = newRegex(translated); err != nil {
		return nil, err
	}
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.byPattern == nil || len(compiled.byPattern) >= maxCompiled {
		compiled.byPattern = map[string]*regex{}
	}
	compiled.byPattern[pattern] = r
	return r, nil
}

// newRegex compiles the result of translateRegex.
func newRegex(translated string) (*regex, error) {
	re, err := regexp2.Compile(translated, regexp2.None)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	re.MatchTimeout = matchTime
	return &regex{Program: compileProgram(translated), re: re}, nil
}

// FindAll returns the matches in text, from left to right. A byte that is not part of a character counts as U+FFFD.
func (r *regex) FindAll(text string) ([]Match, error) {
	if r.Program != nil {
		return r.Program.findAll(text)
	}
	return r.backtrack(text)
}

// backtrack is FindAll with the backtracking engine. It is an error if the engine takes too long.
func (r *regex) backtrack(text string) (found []Match, err error) {
	runes, offsets := runesOf(text)
	last := 0
	start, limit := time.Now(), findTime*time.Duration(1+len(text)/100_000)
	m, err := r.re.FindRunesMatch(runes)
	for ; err == nil && m != nil; m, err = r.re.FindNextMatch(m) {
		s := Match{m.Index, m.Index + m.Length}
		if s.Start == s.End && s.Start == last && len(found) > 0 {
			continue
		}
		if last = s.End; time.Since(start) > limit {
			err = errors.New("timeout")
			break
		}
		if offsets != nil {
			s = Match{offsets[s.Start], offsets[s.End]}
		}
		found = append(found, s)
	}
	if err != nil {
		if offsets != nil {
			last = offsets[last]
		}
		return nil, errors.Errorf("byte %d: the expression takes longer than %v: use one without nested repeats", last, matchTime)
	}
	return found, nil
}

// runesOf returns the characters of text and the index of the first byte of each. The indices are nil if text is ASCII.
func runesOf(text string) (runes []rune, offsets []int) {
	runes = make([]rune, 0, len(text))
	for i := 0; i < len(text); {
		c, w := utf8.DecodeRuneInString(text[i:])
		if offsets == nil && (w > 1 || c == utf8.RuneError) {
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
	return runes, offsets
}
