package main

import (
	"math"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// row holds the figures of a tokenizer.
type row struct {
	kind    string
	vocab   int // entries
	tok     *tokenize.Tokenizer
	trained time.Duration // 0 if published
	speed   float64       // bytes of text encoded per second by one goroutine
	counts
}

// counts holds the sizes of lines before and after encoding.
type counts struct {
	bytes, words, tokens, unknown int
}

// perWord returns tokens per word. A word is text between spaces.
func (c counts) perWord() float64 { return ratio(c.tokens, c.words) }

// unknownShare returns the share of unknown tokens.
func (c counts) unknownShare() float64 { return ratio(c.unknown, c.tokens) }

func (c counts) bytesPerToken() float64 { return ratio(c.bytes, c.tokens) }

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// name returns the kind and the number of entries.
func (r row) name() string { return r.kind + " " + number(r.vocab) }

// measure trains the tokenizer, unless it is published, and encodes the held-out lines.
func (c contestant) measure(t *text, progress func(trainer.Progress)) (row, error) {
	r := row{kind: c.kind, tok: c.tok}
	if c.train != nil {
		begun := time.Now()
		var err error
		if r.tok, err = c.train(c.size, t.all(), progress); err != nil {
			return r, err
		}
		r.trained = time.Since(begun)
	}
	r.tok = r.tok.ForText()
	r.tok.Special, r.vocab = tokenize.AsText, r.tok.VocabSize()
	var err error
	if r.counts, err = count(r.tok, t.held); err != nil {
		return r, err
	}
	r.speed, err = speed(r.tok, t.held)
	return r, err
}

// count encodes lines and returns their counts.
func count(tok *tokenize.Tokenizer, lines []string) (counts, error) {
	c := counts{bytes: size(lines), words: words(lines)}
	missing, hasMissing := tok.Unk()
	var ids []int32
	for i, line := range lines {
		var err error
		if ids, err = tok.AppendEncode(ids[:0], line); err != nil {
			return c, errors.WithMessagef(err, "held-out line %d", i+1)
		}
		c.tokens += len(ids)
		for _, id := range ids {
			if hasMissing && id == missing {
				c.unknown++
			}
		}
	}
	return c, nil
}

// measuring is the least duration of a measurement of speed.
const measuring = 100 * time.Millisecond

// speed returns the bytes per second of repeated encoding. The caches are warm, as count has encoded the lines.
func speed(tok *tokenize.Tokenizer, lines []string) (float64, error) {
	var ids []int32
	done := 0
	begun := time.Now()
	for time.Since(begun) < measuring {
		for _, line := range lines {
			var err error
			if ids, err = tok.AppendEncode(ids[:0], line); err != nil {
				return 0, err
			}
		}
		done += size(lines)
	}
	return float64(done) / time.Since(begun).Seconds(), nil
}
