package graph

import "math"

// available returns the bytes of memory that this process may still ask for, as far as the system tells. It is a variable for tests.
var available = func() int { return int(min(systemMemory(), math.MaxInt)) }

// AvailableMemory returns the bytes of memory that this process may still ask for, as far as the system tells.
func AvailableMemory() int { return available() }
