package flags

// Call returns the words that start a command of a program, such as the next command to run.
func Call(program, command string) string { return Program{Name: program}.call(command) }
