package onig

// MatchBoth returns the matches by the program of a pattern, if it has one, and by the backtracking engine. With slow the
// program remembers failures from the start.
func MatchBoth(pattern, text string, slow bool) (program, engine []Match, known bool, err error) {
	re, err := Compile(pattern)
	if err != nil {
		return nil, nil, false, err
	}
	if engine, err = re.backtrack(text); err != nil || re.Program == nil {
		return nil, engine, false, err
	}
	m := NewMachine(re.Program)
	m.Begin(text)
	if slow {
		m.remember()
	}
	program, err = m.findAll()
	return program, engine, true, err
}
