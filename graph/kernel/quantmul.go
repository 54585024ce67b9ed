package kernel

import "fmt"

// Packed is a matrix of weights in a format of few bits, for products and lookups. It is read, never written, so Data may be a part of a
// file that is mapped into memory.
type Packed struct {
	Format     Quant
	Rows, Cols int    // Cols is a multiple of the format's block and of 32
	Data       []byte // the blocks of row after row
}

// packedUnit divides the number of columns of every packed matrix.
const packedUnit = 32

// Packs reports whether a matrix with rows of this length can be packed in the format.
func (q Quant) Packs(cols int) bool {
	weights, _ := q.Block()
	return weights > 0 && cols > 0 && cols%weights == 0 && cols%packedUnit == 0
}

// Pack rounds a matrix of rows by cols weights to a format that packs such rows.
func Pack(q Quant, rows, cols int, m Matrix[float32]) *Packed {
	p := NewPacked(q, rows, cols)
	p.PackRows(0, rows, m)
	return p
}

// NewPacked returns a matrix of zero bytes in a format that packs such rows, for PackRows.
func NewPacked(q Quant, rows, cols int) *Packed {
	p := &Packed{Format: q, Rows: rows, Cols: cols, Data: LargeBytes(rows * q.Bytes(cols))}
	p.check("pack")
	return p
}

// PackRows rounds n rows of weights to the rows of p from row first on. So a large matrix needs only some of its rows in float32 at a time.
func (p *Packed) PackRows(first, n int, m Matrix[float32]) {
	checkReach("pack", "matrix", len(m.Data), m.reach(n, p.Cols))
	part := *p
	part.Data = p.Data[first*p.stride():][:n*p.stride()]
	parallel(n, rowGrain(32*p.Cols), packRows{&part, m})
}

func (p *Packed) check(kernel string) {
	if !p.Format.Packs(p.Cols) {
		panic(fmt.Sprintf("kernel: %s: %v does not pack rows of %d weights", kernel, p.Format, p.Cols))
	}
	checkLen(kernel, "data", len(p.Data), p.Rows*p.stride())
}

// stride returns the number of bytes of a row.
func (p *Packed) stride() int { return p.Format.Bytes(p.Cols) }

// Row writes the values of row i to x.
func (p *Packed) Row(i int, x []float32) {
	f, row := quants[p.Format], p.Data[i*p.stride():][:p.stride()]
	f.unpackRow(p.Format, x, row)
}

// Gather writes the rows of these ids to y.
func (p *Packed) Gather(y []float32, ids []int32) {
	p.check("gather")
	checkLen("gather", "y", len(y), len(ids)*p.Cols)
	parallel(len(ids), rowGrain(4*p.Cols), packedGather{p, y, ids})
}

type packRows struct {
	*Packed
	m Matrix[float32]
}

func (p *packRows) Range(lo, hi int) {
	f, room := quants[p.Format], take[buffer[float32]]()
	for i := lo; i < hi; i++ {
		row := room.sized(p.Cols)
		if p.m.Trans {
			for k := range row {
				row[k] = p.m.Data[k*p.m.Stride+i]
			}
		} else {
			copy(row, p.m.Data[i*p.m.Stride:])
		}
		f.packRow(p.Data[i*p.stride():][:p.stride()], row)
	}
	give(room)
}

type packedGather struct {
	*Packed
	y   []float32
	ids []int32
}

func (g *packedGather) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		g.Row(int(g.ids[i]), g.y[i*g.Cols:][:g.Cols])
	}
}
