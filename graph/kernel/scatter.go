package kernel

// ScatterAdd is the gradient of Gather: it adds row i of dy (len(ids), cols) to row ids[i] of dtable (V, cols). The rows of
// a repeated id are summed in float64, in the order of i. dtable is not cleared first.
func ScatterAdd[T Float](dtable []T, ids []int32, dy []T, cols int) {
	checkLen("scatter add", "dy", len(dy), len(ids)*cols)
	mustIDs("scatter add", ids, len(dtable), cols)
	if len(ids) == 0 {
		return
	}
	scratch := take[scatterScratch]()
	runs := scratch.sort(ids, len(dtable)/cols)
	args := scatterAdd[T]{dtable: dtable, ids: ids, dy: dy, cols: cols, order: scratch.order.data[:len(ids)], runs: runs}
	args.blocks = (cols + scatterBlock - 1) / scatterBlock
	cost := len(ids) * min(cols, scatterBlock) / (len(runs) - 1)
	parallel((len(runs)-1)*args.blocks, rowGrain(cost), args)
	give(scratch)
}

// scatterBlock is the number of columns that are summed at a time. Two tasks never write the same element.
const scatterBlock = 64

// scatterScratch holds the positions in order of their ids.
type scatterScratch struct{ order, ends, runs buffer[int32] }

// sort writes the positions of ids, in order of the ids and then of the positions. It returns the start of each run of
// positions with equal ids, and the end of the last.
func (s *scatterScratch) sort(ids []int32, rows int) []int32 {
	order, ends, runs := s.order.sized(len(ids)), s.ends.zeroed(rows+1), s.runs.sized(min(len(ids), rows)+1)
	for _, id := range ids {
		ends[id+1]++
	}
	n := 0
	for id := range rows {
		if ends[id+1] > 0 {
			runs[n] = ends[id]
			n++
		}
		ends[id+1] += ends[id]
	}
	runs[n] = int32(len(ids))
	for i, id := range ids {
		order[ends[id]] = int32(i)
		ends[id]++
	}
	return runs[:n+1]
}

// scatterAdd is split by runs and by blocks of columns.
type scatterAdd[T Float] struct {
	dtable      []T
	ids         []int32
	dy          []T
	cols        int
	order, runs []int32
	blocks      int
}

func (s *scatterAdd[T]) Range(lo, hi int) {
	var sums [scatterBlock]float64
	for i := lo; i < hi; i++ {
		run, from := i/s.blocks, i%s.blocks*scatterBlock
		positions := s.order[s.runs[run]:s.runs[run+1]]
		n := min(scatterBlock, s.cols-from)
		row := s.dtable[int(s.ids[positions[0]])*s.cols+from:][:n]
		if len(positions) == 1 {
			addRow(row, s.dy[int(positions[0])*s.cols+from:][:n])
			continue
		}
		block := sums[:n]
		for j, v := range row {
			block[j] = float64(v)
		}
		for _, p := range positions {
			addRow64(block, s.dy[int(p)*s.cols+from:][:n])
		}
		for j, v := range block {
			row[j] = T(v)
		}
	}
}
