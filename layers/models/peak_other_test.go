//go:build !unix

package models_test

// peakMB returns 0: the peak is unknown on this system.
func peakMB() float64 { return 0 }
