package generate

// Chooser returns a function that chooses a token from the logits and the text, whose last n tokens are generated.
func Chooser(o Options, vocab int) (func(logits []float32, text []int32, n int) (int32, error), error) {
	s, err := newSampler(o, vocab)
	return func(logits []float32, text []int32, n int) (int32, error) { return s.next(logits, text, n, 0) }, err
}

// LogSum exports logSum.
func LogSum(logits, room []float32) float64 { return logSum(logits, room) }

// Inherit exports inherit: it returns pairs of target and source rows.
func Inherit(rowOf, parents []int) (copies [][2]int) {
	for _, m := range inherit(rowOf, parents) {
		copies = append(copies, [2]int{m.to, m.from})
	}
	return copies
}
