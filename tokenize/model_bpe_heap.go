package tokenize

// The heap of a bpeScratch is binary, with the lowest entry first.

func (s *bpeScratch) push(entry uint64) {
	s.heap = append(s.heap, entry)
	siftUp(s.heap, len(s.heap)-1)
}

func (s *bpeScratch) pop() {
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap = s.heap[:last]
	siftDown(s.heap, 0)
}

// pushDropped pushes the skipped entries back onto the heap.
func (s *bpeScratch) pushDropped() {
	for _, entry := range s.dropped {
		s.push(entry)
	}
	s.dropped = s.dropped[:0]
}

// siftDown and siftUp restore the heap around position i.
func siftDown(h []uint64, i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func siftUp(h []uint64, i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}
