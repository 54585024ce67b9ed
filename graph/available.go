package graph

import "math"

// available returns the bytes of memory that this process may still allocate, as far as the system reports them. Tests replace it.
var available = func() int { return int(min(systemMemory(), math.MaxInt)) }

// AvailableMemory returns the bytes of memory that this process may still allocate, as far as the system reports them.
func AvailableMemory() int { return available() }
