package report

// thinColumns is the number of columns of a plot in which thin leaves at most four points. A picture is little wider.
const thinColumns = 1000

// thin leaves out points of a long line that nobody would see: in each narrow column of the picture it keeps the first, the lowest, the
// highest and the last point, so the line covers the same pixels. The points are in the order of their steps.
func thin(points []Point) []Point {
	if len(points) <= 4*thinColumns {
		return points
	}
	first, last := points[0].Step, points[len(points)-1].Step
	column := func(p Point) int { return int(float64(p.Step-first) / float64(last-first+1) * thinColumns) }
	var out []Point
	for len(points) > 0 {
		n, low, high := 1, 0, 0
		for ; n < len(points) && column(points[n]) == column(points[0]); n++ {
			if points[n].Value < points[low].Value {
				low = n
			}
			if points[n].Value > points[high].Value {
				high = n
			}
		}
		kept := -1
		for _, i := range []int{0, min(low, high), max(low, high), n - 1} {
			if i > kept {
				out, kept = append(out, points[i]), i
			}
		}
		points = points[n:]
	}
	return out
}
