package report

// smooth averages each point with as many points before as after it, together about a twenty-fifth of all points. It leaves out the
// points at the ends, which have too few neighbours. A shorter average would follow the noise of the last batches, and an average over
// one side would lag.
func smooth(points []Point) []Point {
	n := len(points)
	if n == 0 {
		return nil
	}
	half := min(max(n/50, 2), (n-1)/2)
	size := 2*half + 1
	sum := 0.0
	for _, p := range points[:size-1] {
		sum += p.Value
	}
	out := make([]Point, 0, n-size+1)
	for i := half; i < n-half; i++ {
		sum += points[i+half].Value
		out = append(out, Point{points[i].Step, sum / float64(size)})
		sum -= points[i-half].Value
	}
	return out
}
