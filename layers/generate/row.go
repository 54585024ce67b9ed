package generate

import (
	"gorgonia.org/tensor"
)

// row is a row of the caches with the sequence that it holds.
type row struct {
	sequence int
	tokens   []int32
	logits   []float32 // after the last token
	known    bool      // logits are valid
	source   int32     // length of the source

	next []int32 // tokens that Append appends
	read int     // number of them in the caches; -1 means that the last of tokens must be read again, for its logits
}

// clear empties the sequence. Its source stays.
func (r *row) clear() { r.tokens, r.known = r.tokens[:0], false }

// begin starts an Append.
func (r *row) begin(next []int32) {
	r.next, r.read = next, 0
	if len(next) > 0 {
		r.known = false
	} else if !r.known {
		r.read = -1
	}
}

// end completes an Append. If it has failed, the sequence stays as it was.
func (r *row) end(ok bool) {
	if ok {
		r.tokens, r.known = append(r.tokens, r.next...), true
	}
	r.next, r.read = nil, 0
}

// left returns the number of tokens to read.
func (r *row) left() int { return len(r.next) - r.read }

// cached returns the number of tokens in the caches.
func (r *row) cached() int { return len(r.tokens) + max(r.read, 0) }

// token returns token i, of the new ones too.
func (r *row) token(i int) int32 {
	if i < len(r.tokens) {
		return r.tokens[i]
	}
	return r.next[i-len(r.tokens)]
}

// keep copies row i of the logits.
func (r *row) keep(logits *tensor.Dense, i int) {
	v := logits.Shape()[1]
	if len(r.logits) != v {
		r.logits = make([]float32, v)
	}
	if logits.Dtype() == tensor.Float64 {
		for id, x := range logits.Float64s()[i*v:][:v] {
			r.logits[id] = float32(x)
		}
		return
	}
	copy(r.logits, logits.Float32s()[i*v:][:v])
}

// replace makes r a copy of another row, except its source.
func (r *row) replace(from *row) {
	r.tokens, r.known = append(r.tokens[:0], from.tokens...), from.known
	if r.known {
		r.logits = append(r.logits[:0], from.logits...)
	}
}
