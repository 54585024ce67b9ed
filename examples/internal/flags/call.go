package flags

// Call returns the words that start a command of a program, for a line that names the next command.
func Call(program, command string) string { return Program{Name: program}.call(command) }
