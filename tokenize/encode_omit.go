package tokenize

import "sync"

// newOmitting returns a function that, on its first call, makes the form of c for OmitUnknown.
func newOmitting(c *core) func() *core {
	return sync.OnceValue(func() *core {
		m, ok := c.stages.Model.(omitter)
		if !ok {
			return c
		}
		s := c.stages
		s.Model = m.omitting()
		t, err := newTokenizer(s)
		if err != nil {
			return c // cannot happen, because the stages of c are valid; unknown text then stays an error
		}
		return t.core
	})
}

// encoder returns t, with its model replaced if t.OmitUnknown is set.
func (t *Tokenizer) encoder() *Tokenizer {
	if !t.OmitUnknown {
		return t
	}
	omitting := *t
	omitting.OmitUnknown, omitting.core = false, t.omitting()
	return &omitting
}
