//go:build !linux

package quick

// memoryFolder returns "": only Linux has a folder for files in memory.
func memoryFolder() string { return "" }
