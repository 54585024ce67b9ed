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

// Rows returns the row of every sequence.
func Rows(d *Decoder) []int { return d.rowOf }

// Passes returns the numbers of sequences and tokens of the passes that would append tokens. It runs none, so the sequences must stay as
// they are until Reset unless the caller appends the same tokens.
func Passes(d *Decoder, tokens [][]int32) (all [][2]int) {
	for b, ts := range tokens {
		d.at(b).begin(ts)
	}
	for p := d.choose(); p != nil; p = d.choose() {
		all = append(all, [2]int{p.Sequences, p.Tokens})
		for i := range p.Sequences {
			p.fill(i, &d.rows[i], d.window)
			d.rows[i].read += p.taken[i]
		}
	}
	for b := range tokens {
		d.at(b).end(false)
	}
	return all
}

// Propose exports propose.
func Propose(text []int32, n int) []int32 { return propose(text, n) }
