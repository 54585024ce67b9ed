//go:build !unix

package models_test

// peakMB is not known here.
func peakMB() float64 { return 0 }
