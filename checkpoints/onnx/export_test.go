package onnx

import (
	"maps"
	"slices"
)

// Operations returns the names of the operations with a rule.
func Operations() []string { return slices.Sorted(maps.Keys(rules)) }
