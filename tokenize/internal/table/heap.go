package table

// Heap is a binary heap with the lowest entry first. The zero value is empty.
type Heap []uint64

// MakeHeap orders h.
func (h Heap) MakeHeap() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

// Push adds an entry.
func (h *Heap) Push(entry uint64) {
	list := append(*h, entry)
	*h = list
	for i := len(list) - 1; i > 0; {
		parent := (i - 1) / 2
		if list[parent] <= list[i] {
			return
		}
		list[parent], list[i] = list[i], list[parent]
		i = parent
	}
}

// Pop removes and returns the lowest entry. The heap must not be empty.
func (h *Heap) Pop() uint64 {
	list := *h
	top, last := list[0], len(list)-1
	list[0] = list[last]
	*h = list[:last]
	h.down(0)
	return top
}

// down moves entry i down to its place.
func (h Heap) down(i int) {
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
