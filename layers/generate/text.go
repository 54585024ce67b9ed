package generate

import "iter"

// Detokenizer turns a stream of ids into text. Write holds back an incomplete character; Flush returns the rest. The
// Stream of a tokenize.Tokenizer is one.
type Detokenizer interface {
	Write(id int32) (string, error)
	Flush() (string, error)
}

// Text streams tokens as text. No string of the stream ends inside a character.
func Text(tokens iter.Seq2[int32, error], d Detokenizer) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for id, err := range tokens {
			if err != nil {
				yield("", err)
				return
			}
			s, err := d.Write(id)
			if err != nil {
				yield("", err)
				return
			}
			if s != "" && !yield(s, nil) {
				return
			}
		}
		if s, err := d.Flush(); s != "" || err != nil {
			yield(s, err)
		}
	}
}
