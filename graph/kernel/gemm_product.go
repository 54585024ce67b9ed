package kernel

// The sizes of the packed panels: a panel of A and one of B of panelDepth fit the second cache together with a tile of C.
// They are multiples of the sides of the micro-kernel.
const (
	panelRows  = 96
	panelCols  = 256
	panelDepth = 256
)

// panels is the scratch of one worker for one product.
type panels[T Float] struct{ a, b buffer[T] }

// product is C (m, n) = alpha·A (m, k)·B (k, n), or C plus that, done by one worker with packed operands. m and n are small:
// the caller cuts larger products into tiles.
type product[T Float] struct {
	m, n, k    int
	a, b       Matrix[T]
	c          []T
	stride     int
	alpha      T
	accumulate bool
}

// thinRows is the number of rows of A up to which packing B costs more than it gains; the assembly is fast enough to keep up
// with memory for a few more, as long as a column of B is contiguous.
const (
	thinRows     = 3
	thinFastRows = 8
)

func thin[T Float](m int, b Matrix[T]) bool {
	return m <= thinRows || m <= thinFastRows && b.Trans && fast[T]()
}

func (p product[T]) run(s *panels[T]) { p.runAs(s, thin(p.m, p.b)) }

// runAs runs p as a part of a product that is thin or not: each sums up in an order of its own, which shall not depend on how a
// product is cut.
func (p product[T]) runAs(s *panels[T], thin bool) {
	switch {
	case p.k > 0 && thin:
		p.thin(s)
	case p.k > 0:
		p.thick(s)
	case !p.accumulate:
		p.clear()
	}
}

// thick multiplies packed operands.
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

// packed multiplies packed operands: a holds panels of microRows rows, b panels of microCols columns, both by depth.
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

// store writes or adds the sums of a micro-tile to C from element (i, j) on, as far as they are inside.
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

// thin multiplies a few rows of A by B as it lies in memory, which is read once.
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

// dotsUnit is the number of columns that thinDots takes at a time. The rest is summed in another order.
const dotsUnit = 4

// thinDots is for a B whose columns are contiguous.
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

// thinSums is for a B whose rows are contiguous.
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

// pack copies count vectors of depth elements into panels of width vectors, so that what the micro-kernel reads together
// lies together: element k of vector i goes to panel i/width, place k·width + i%width. Missing vectors become zeros.
// The vectors are rows of m as it lies in memory, or its columns when across.
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

// packAcross goes along the rows in memory a cache line at a time; down whole columns, every line would be read several
// times.
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
