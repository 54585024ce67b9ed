package kernel

import "unsafe"

// Cached keys and values may be kept in few bits. A row is then the bytes of its blocks in the memory of some float32, which have no meaning
// as numbers.

// Words returns the number of float32 whose memory holds a row of n numbers, which the format packs.
func (q Quant) Words(n int) int { return (q.Bytes(n) + 3) / 4 }

// Keep rounds x to the format and writes it to the memory of words, which has Words(len(x)) elements.
func (q Quant) Keep(words, x []float32) {
	checkLen("keep", "words", len(words), q.Words(len(x)))
	f := quants[q]
	f.packRow(bytesOf(words), x)
}

func bytesOf(x []float32) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(first(x))), 4*len(x)) }

// unpackRows writes rows of n numbers of format q, stride bytes apart, to x. n is a multiple of packedUnit.
func (q Quant) unpackRows(x []float32, n int, blocks []byte, stride int) {
	rows, f := len(x)/n, quants[q]
	size := n / f.weights * f.bytes
	_ = blocks[(rows-1)*stride+size-1]
	switch {
	case q == BF16 && whole():
		bfloatUnpackAVX2(rows, n, &x[0], &blocks[0], stride)
	case q == Q8_0 && whole() && hasF16C:
		unpackQ8RowsAVX2(rows, n, &x[0], &blocks[0], stride)
	default:
		for i := range rows {
			f.unpackRow(q, x[i*n:][:n], blocks[i*stride:][:size])
		}
	}
}

// unpackRow writes the values of whole blocks of format q, which f describes, to x.
func (f *quant) unpackRow(q Quant, x []float32, blocks []byte) {
	switch {
	case len(x) == 0:
		return
	case q == F16 || q == BF16:
		unpackWords(q, x, blocks)
		return
	case q == Q8_0 && whole() && hasF16C:
		unpackQ8RowsAVX2(1, len(x), &x[0], &blocks[0], 0)
		return
	case q == Q8_0 && accelerated && fastUnpackQ8 != nil:
		fastUnpackQ8(len(x)/f.weights, first(x), unsafe.SliceData(blocks))
		return
	}
	for b := 0; b*f.weights < len(x); b++ {
		f.unpack(x[b*f.weights:][:f.weights], blocks[b*f.bytes:][:f.bytes])
	}
}

// cacheTile is some rows of one head of keys or values.
type cacheTile struct{ b, time, head, rows int }

// keys returns the matrix (rows, D) of a tile of keys or values, which it unpacks to room if they are in few bits.
func (a *Attention[T]) keys(room *buffer[float32], x Heads[T], t cacheTile) Matrix[T] {
	if a.Cache == 0 {
		return x.rows(t.b, t.time, t.head, false)
	}
	lo := t.head * a.D
	from := lo / packedUnit * packedUnit // of the blocks that hold the head
	cols := roundUp(lo+a.D, packedUnit) - from
	y, f := room.sized(t.rows*cols), quants[a.Cache]
	if len(y) > 0 {
		rows := bytesOf(singles(x.Data[t.b*x.Batch+t.time*x.Time:][:t.rows*x.Time]))
		a.Cache.unpackRows(y, cols, rows[from/f.weights*f.bytes:], 4*x.Time)
	}
	return Matrix[T]{Data: unsafe.Slice((*T)(unsafe.Pointer(first(y))), len(y))[lo-from:], Stride: cols}
}

// keysReach returns one more than the last index of keys or values.
func (a *Attention[T]) keysReach(x Heads[T]) int {
	if a.Cache == 0 || a.B == 0 || a.Tk == 0 {
		return a.reach(x, a.Tk, a.KVHeads)
	}
	return (a.B-1)*x.Batch + a.Tk*x.Time
}
