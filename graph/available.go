package graph

import "math"

// available returns the bytes of memory that this process may still ask for, as far as the system tells. It is a variable for tests.
var available = func() int { return int(min(systemMemory(), math.MaxInt)) }

// unknownMemory stands for the memory of a system that does not tell it: 1 TB.
const unknownMemory = 1 << 40
