// Package sweep chooses how many cases the long sweeps of the tests try. go test ./... tries a sample of each, so that all tests take
// about two minutes on two cores. SWEEPS=all go test ./... tries every case; CI does both.
package sweep

import "os"

// All reports whether sweeps try every case.
func All() bool { return os.Getenv("SWEEPS") == "all" }
