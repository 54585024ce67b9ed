package kernel

// FirstNonFinite returns the index of the first element of x that is NaN or infinite, or -1 if all elements are finite.
func FirstNonFinite[T Float](x []T) int {
	for lo := 0; lo < len(x); lo += minWork {
		chunk := x[lo:min(lo+minWork, len(x))]
		if finite(chunk) {
			continue
		}
		for i, v := range chunk {
			if v-v != 0 {
				return lo + i
			}
		}
	}
	return -1
}

// finite reports whether no element of x is NaN or infinite: v-v is 0 for a finite v and NaN otherwise.
func finite[T Float](x []T) bool {
	n := 0
	for _, v := range x {
		if v-v != 0 {
			n++
		}
	}
	return n == 0
}
