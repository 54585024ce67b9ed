package kernel

// foldTiles is the number of terms of a sum after which the sum is moved to a folded sum.
const foldTiles = 64

// folded holds the greater part of a matrix of long sums. One long chain of additions loses digits, so terms are added to
// short sums, which are moved here now and then. float64 has digits to spare, so its sums are not moved.
type folded[T Float] struct {
	data  buffer[T] // (rows, cols)
	used  bool
	terms int // terms added since the last move
}

// sumMatrix is a matrix of sums, with stride elements from row to row.
type sumMatrix[T Float] struct {
	data               []T
	rows, cols, stride int
}

func (m *sumMatrix[T]) row(r int) []T { return m.data[r*m.stride:][:m.cols] }

func (f *folded[T]) reset() { f.used, f.terms = false, 0 }

// count notes that a term was added to each sum, and moves the sums if they have many terms.
func (f *folded[T]) count(sums sumMatrix[T]) {
	if f.terms++; f.terms < foldTiles || !single[T]() {
		return
	}
	f.terms = 0
	if !f.used {
		f.used = true
		f.data.zeroed(sums.rows * sums.cols)
	}
	for r := range sums.rows {
		row := sums.row(r)
		addRow(f.row(r, sums.cols), row)
		clear(row)
	}
}

func (f *folded[T]) row(r, cols int) []T { return f.data.data[r*cols:][:cols] }

// scale multiplies a row of folded sums.
func (f *folded[T]) scale(r, cols int, factor T) {
	if f.used {
		scaleRow(f.row(r, cols), factor, f.row(r, cols))
	}
}

// addTo moves the folded sums back.
func (f *folded[T]) addTo(sums sumMatrix[T]) {
	for r := 0; f.used && r < sums.rows; r++ {
		addRow(sums.row(r), f.row(r, sums.cols))
	}
	f.reset()
}
