package kernel

import "testing"

// TestPortable: portable kernels use no row assembly, and their name says so.
func TestPortable(t *testing.T) {
	was := accelerated
	defer func() { accelerated, portable = was, false }()
	before := Numbers()
	if err := Portable(); strips == nil {
		if err == nil || Numbers() != before {
			t.Errorf("without strips: got error %v and kernels %s, want an error and %s", err, Numbers(), before)
		}
		return
	} else if err != nil {
		t.Skip(err) // the compiler fuses
	}
	if fast[float32]() || !striped[float32]() || Numbers() != "portable" || before == "portable" {
		t.Errorf("fast %v, striped %v, kernels %s after %s", fast[float32](), striped[float32](), Numbers(), before)
	}
}
