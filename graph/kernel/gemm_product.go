package kernel

// The sizes of the packed panels. A panel of A and a panel of B, both panelDepth deep, fit in the L2 cache together with a
// tile of C. The sizes are multiples of the sides of the micro-kernel.
const (
	panelRows  = 96
	panelCols  = 256
	panelDepth = 256
)

// panels is the scratch memory of one worker for one product.
type panels[T Float] struct{ a, b, sums buffer[T] }

// product is C (m, n) = alpha·A (m, k)·B (k, n), plus C if accumulate is set. One worker computes it with packed
// operands. m and n are small: the caller splits larger products into tiles.
type product[T Float] struct {
	m, n, k    int
	a, b       Matrix[T]
	c          []T
	stride     int
	alpha      T
	accumulate bool
}

// thinRows is the largest number of rows of A for which packing B costs more than it gains. Each of these rows is computed as if it
// were alone: see FewRows. thinFastRows is the same for the assembly, which keeps up with memory for a few more rows if the columns of B
// are contiguous.
const (
	thinRows     = FewRows
	thinFastRows = 8
)

func thin[T Float](m int, b Matrix[T]) bool {
	return m <= thinRows || m <= thinFastRows && b.Trans && fast[T]()
}

func (p product[T]) run(s *panels[T]) { p.runAs(s, thin(p.m, p.b)) }

// runAs runs p as a part of a product that is thin or not. Each kind has its own order of sums, which must not depend on
// how the product is split.
func (p product[T]) runAs(s *panels[T], thin bool) {
	switch {
	case p.k > foldDepth(thin) && single[T]():
		p.fold(s, thin)
	case p.k > 0 && thin:
		p.thin(s)
	case p.k > 0:
		p.thick(s)
	case !p.accumulate:
		p.clear()
	}
}

// foldDepth returns the depth from which a product is computed in parts, which are then added. One long chain of additions
// would lose digits. A thin product makes longer chains than packed operands.
func foldDepth(thin bool) int {
	if thin {
		return 1 << 12
	}
	return 1 << 14
}

// fold computes a deep product in parts.
func (p product[T]) fold(s *panels[T], thin bool) {
	if !p.accumulate {
		p.clear()
	}
	part := p
	part.c, part.stride, part.accumulate = s.sums.sized(p.m*p.n), p.n, false
	for k := 0; k < p.k; k += foldDepth(thin) {
		part.a, part.b, part.k = p.a.at(0, k), p.b.at(k, 0), min(foldDepth(thin), p.k-k)
		part.runAs(s, thin)
		for i := range p.m {
			addRow(p.c[i*p.stride:][:p.n], part.c[i*p.n:][:p.n])
		}
	}
}

// thick packs the operands and multiplies them.
func (p product[T]) thick(s *panels[T]) {
	if striped[T]() {
		runStrips(asSingle(&p, s))
		return
	}
	for k := 0; k < p.k; k += panelDepth {
		depth := min(panelDepth, p.k-k)
		a := s.a.sized(roundUp(p.m, microRows) * depth)
		b := s.b.sized(roundUp(p.n, microCols) * depth)
		pack(a, p.a.at(0, k), p.m, depth, microRows, p.a.Trans)
		pack(b, p.b.at(k, 0), p.n, depth, microCols, !p.b.Trans)
		p.packed(a, b, depth)
		p.accumulate = true
	}
}

func (p *product[T]) clear() {
	for i := range p.m {
		clear(p.c[i*p.stride:][:p.n])
	}
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// packed multiplies packed operands: a holds panels of microRows rows, b panels of microCols columns, both of the given
// depth.
func (p *product[T]) packed(a, b []T, depth int) {
	var sums [microRows * microCols]T
	for j := 0; j < p.n; j += microCols {
		bp := b[j*depth:][:microCols*depth]
		cols := min(microCols, p.n-j)
		for i := 0; i < p.m; i += microRows {
			micro(&sums, a[i*depth:][:microRows*depth], bp)
			p.store(&sums, i, j, cols)
		}
	}
}

// store writes or adds the sums of a micro-tile to C from element (i, j) on, up to the edges of C.
func (p *product[T]) store(sums *[microRows * microCols]T, i, j, cols int) {
	for r := range min(microRows, p.m-i) {
		row := p.c[(i+r)*p.stride+j:][:cols]
		for q := range row {
			v := p.alpha * sums[r*microCols+q]
			if p.accumulate {
				v += row[q]
			}
			row[q] = v
		}
	}
}

// thin multiplies a few rows of A by B. B is read once and is not packed.
func (p product[T]) thin(s *panels[T]) {
	if p.a.Trans {
		rows := s.a.sized(p.m * p.k)
		for i := range p.m {
			for k := range p.k {
				rows[i*p.k+k] = p.a.Data[k*p.a.Stride+i]
			}
		}
		p.a = Matrix[T]{Data: rows, Stride: p.k}
	}
	if !p.accumulate {
		p.clear()
	}
	if p.b.Trans {
		p.thinDots()
	} else {
		p.thinSums()
	}
}

// dotsUnit is the number of columns that thinDots computes at a time. The remaining columns are summed in another order.
const dotsUnit = 4

// thinDots is thin for a B whose columns are contiguous.
func (p *product[T]) thinDots() {
	j := 0
	for ; j+dotsUnit <= p.n; j += dotsUnit {
		cols := p.b.Data[j*p.b.Stride:]
		i := 0
		if fast[T]() {
			for ; i+2 <= p.m; i += 2 {
				sums := pairDots4(p.a.Data[i*p.a.Stride:][:p.k], p.a.Data[(i+1)*p.a.Stride:][:p.k], cols, p.b.Stride)
				p.addFour(i, j, sums[:4])
				p.addFour(i+1, j, sums[4:])
			}
		}
		for ; i < p.m; i++ {
			sums := dots4(p.a.Data[i*p.a.Stride:][:p.k], cols, p.b.Stride)
			p.addFour(i, j, sums[:])
		}
	}
	for ; j < p.n; j++ {
		col := p.b.Data[j*p.b.Stride:][:p.k]
		for i := range p.m {
			p.c[i*p.stride+j] += p.alpha * dot(p.a.Data[i*p.a.Stride:][:p.k], col)
		}
	}
}

// addFour adds four products to C from element (i, j) on.
func (p *product[T]) addFour(i, j int, sums []T) {
	c := p.c[i*p.stride+j:][:4]
	for q, s := range sums {
		c[q] += p.alpha * s
	}
}

// thinSums is thin for a B whose rows are contiguous.
func (p *product[T]) thinSums() {
	k := 0
	for ; k+4 <= p.k; k += 4 {
		rows := p.b.Data[k*p.b.Stride:]
		for i := range p.m {
			a := p.a.Data[i*p.a.Stride+k:][:4]
			axpy4(p.c[i*p.stride:][:p.n], &[4]T{p.alpha * a[0], p.alpha * a[1], p.alpha * a[2], p.alpha * a[3]}, rows, p.b.Stride)
		}
	}
	for ; k < p.k; k++ {
		row := p.b.Data[k*p.b.Stride:][:p.n]
		for i := range p.m {
			axpy(p.c[i*p.stride:][:p.n], p.alpha*p.a.Data[i*p.a.Stride+k], row)
		}
	}
}

// pack copies count vectors of depth elements into panels of width vectors, so that the micro-kernel reads adjacent
// elements: element k of vector i goes to panel i/width, index k·width + i%width. Missing vectors become zeros. The
// vectors are the rows of m in memory, or its columns if across is set.
func pack[T Float](dst []T, m Matrix[T], count, depth, width int, across bool) {
	if rest := count % width; rest > 0 {
		clear(dst[(count-rest)*depth:])
	}
	if across {
		packAcross(dst, m, count, depth, width)
		return
	}
	for i := range count {
		row, panel := m.Data[i*m.Stride:][:depth], dst[i/width*width*depth+i%width:]
		for k, v := range row {
			panel[k*width] = v
		}
	}
}

// packAcross copies along the rows in memory, one cache line at a time. Column by column, every line would be read
// several times.
func packAcross[T Float](dst []T, m Matrix[T], count, depth, width int) {
	line := 8 * width
	for first := 0; first < count; first += line {
		n := min(line, count-first)
		for k := range depth {
			row := m.Data[k*m.Stride+first:][:n]
			at := first*depth + k*width
			for len(row) >= width {
				place := dst[at:][:width]
				for r := range place {
					place[r] = row[r]
				}
				row, at = row[width:], at+width*depth
			}
			if len(row) > 0 {
				copy(dst[at:], row)
			}
		}
	}
}
