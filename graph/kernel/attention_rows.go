package kernel

// scoreRows are rows of a tile of scores, keyTile elements apart. Only the first n elements of a row count.
type scoreRows[T Float] struct {
	data    []T
	rows, n int
}

func (s *scoreRows[T]) row(r int) []T { return s.data[r*keyTile:][:s.n] }

// softmaxUnit divides n in the assembly. Elements up to the next multiple must be -Inf, and are in the tile.
const softmaxUnit = 8

// wide reports whether vectors of AVX-512 fill the rows.
func (s *scoreRows[T]) wide() bool { return hasWide && roundUp(s.n, softmaxUnit)%(2*softmaxUnit) == 0 }

// attend updates the maximum top of each row and replaces the scores by e^(score-top). It writes their sum and the factor
// shrink = e^(old top - top) of earlier sums. NaN stays NaN. A row that is all -Inf becomes zeros.
func (s scoreRows[T]) attend(top, sum, shrink []T) {
	if s.rows == 0 || s.n == 0 {
		return
	}
	if fast[T]() {
		n := roundUp(s.n, softmaxUnit)
		_, _, _, _ = s.data[(s.rows-1)*keyTile+n-1], top[s.rows-1], sum[s.rows-1], shrink[s.rows-1]
		run := attendRowsAsm
		if s.wide() {
			run = attendRowsAVX512
		}
		run(s.rows, n, first(s.data), 4*keyTile, first(top), first(sum), first(shrink))
		return
	}
	for r := range s.rows {
		x, old := s.row(r), top[r]
		for _, v := range x {
			if v > top[r] {
				top[r] = v
			}
		}
		shift := top[r]
		if shift == inf[T](-1) {
			shift = 0
		}
		shrink[r] = 1
		if top[r] > old {
			shrink[r] = exp(old - shift)
		}
		sum[r] = T(expRow(x, x, shift))
	}
}

// attendGrad turns scores into the probabilities p = e^(score-top)·inverse, and the products ds of do and v into the gradients
// p·(ds-delta). The difference is halved, because it may overflow where p is 0.
func (s scoreRows[T]) attendGrad(ds, top, inverse, delta []T) {
	if s.rows == 0 || s.n == 0 {
		return
	}
	if fast[T]() {
		n := roundUp(s.n, softmaxUnit)
		end := (s.rows-1)*keyTile + n - 1
		_, _, _, _, _ = s.data[end], ds[end], top[s.rows-1], inverse[s.rows-1], delta[s.rows-1]
		run := attendGradRowsAsm
		if s.wide() {
			run = attendGradRowsAVX512
		}
		run(s.rows, n, first(s.data), first(ds), 4*keyTile, first(top), first(inverse), first(delta))
		return
	}
	for r := range s.rows {
		p, d, half := s.row(r), ds[r*keyTile:], delta[r]/2
		for k, v := range p {
			p[k] = exp(v-top[r]) * inverse[r]
			d[k] = 2 * p[k] * (d[k]/2 - half)
		}
	}
}
