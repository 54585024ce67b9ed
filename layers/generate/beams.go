package generate

import "github.com/pkg/errors"

// Beams is Beam for several prompts at once. The Batch of the Decoder is a multiple of their number: prompt i has the sequences i·w …
// i·w+w-1, where w = Batch/len(prompts) is the width of its beam. For an encoder-decoder, set the same source for all sequences of a prompt
// first. The results of a prompt do not depend on the others, except for the last digits of the scores.
func Beams(d *Decoder, prompts [][]int32, o BeamOptions) ([][]Hypothesis, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if len(prompts) == 0 || d.Batch()%len(prompts) != 0 {
		return nil, errors.Errorf("generate: beams of %d prompts in a batch of %d, want a batch that is a multiple of the prompts", len(prompts), d.Batch())
	}
	for _, p := range prompts {
		if err := d.checkPrompt(p); err != nil {
			return nil, err
		}
	}
	b := beams{Decoder: d, width: d.Batch() / len(prompts), parents: make([]int, d.Batch()), next: make([][]int32, d.Batch())}
	if err := b.start(prompts, o); err != nil {
		return nil, err
	}
	return b.run()
}

// beams holds the searches of several prompts.
type beams struct {
	*Decoder
	width    int
	searches []*search
	logits   [][]float32 // of every sequence
	parents  []int       // of every sequence, for the next tokens
	next     [][]int32
}

// start reads the prompts.
func (b *beams) start(prompts [][]int32, o BeamOptions) (err error) {
	for i := range b.next {
		b.next[i] = prompts[i/b.width]
	}
	b.Reset()
	if b.logits, err = b.Append(b.next); err != nil {
		return err
	}
	for _, p := range prompts {
		s, err := newSearch(o, b.width, len(b.logits[0]), p)
		if err != nil {
			return err
		}
		s.most = b.Window() - len(p) + 1 // the last token is chosen but not read
		if o.Tokens > 0 {
			s.most = min(s.most, o.Tokens)
		}
		b.searches = append(b.searches, s)
	}
	return nil
}

// run extends the beams of all searches, token by token, until all are done.
func (b *beams) run() (results [][]Hypothesis, err error) {
	for n := 1; ; n++ {
		running := false
		for i, s := range b.searches {
			more, err := b.step(s, i*b.width, n)
			if err != nil {
				return nil, err
			}
			running = running || more
		}
		if !running {
			break
		}
		if err := b.reorder(b.parents, n == 1); err != nil { // after the first step all sources of a prompt are equal
			return nil, err
		}
		if b.logits, err = b.Append(b.next); err != nil {
			return nil, err
		}
	}
	for _, s := range b.searches {
		results = append(results, s.results())
	}
	return results, nil
}

// step chooses the n-th token of the beams of a search, whose first sequence is from. A search that is done keeps its sequences. Parents
// and children are sequences of the same search, and so have the same source.
func (b *beams) step(s *search, from, n int) (more bool, err error) {
	if !s.over {
		if err := s.expand(b.logits[from:from+b.width], n); err != nil {
			return false, err
		}
		s.over = n == s.most || s.done(n)
	}
	parents, next := b.parents[from:from+b.width], b.next[from:from+b.width]
	if s.over {
		for i := range parents {
			parents[i], next[i] = from+i, nil
		}
		return false, nil
	}
	own, tokens := s.assign()
	for i, p := range own {
		parents[i] = from + p
	}
	copy(next, tokens)
	return true, nil
}
