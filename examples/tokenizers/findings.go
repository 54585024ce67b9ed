package main

import (
	"fmt"
	"strings"
)

// findings returns a summary of the figures in three paragraphs.
func findings(rows []row) []string {
	kinds := map[string][]row{}
	for _, r := range rows {
		kinds[r.kind] = append(kinds[r.kind], r)
	}
	return []string{compareWords(kinds), compareSubwords(kinds), compareLargest(kinds)}
}

// compareWords compares characters and words.
func compareWords(kinds map[string][]row) string {
	chars, few, all := kinds[charsKind][0], kinds[wordsKind][0], last(kinds[wordsKind])
	lost := "and none is unknown"
	if all.unknown > 0 {
		lost = fmt.Sprintf("but %s of them are unknown, although the vocabulary has all %s words of the training text", percent(all.counts), number(all.vocab))
	}
	if few.vocab < all.vocab {
		lost += fmt.Sprintf("; with %s entries, %s", number(few.vocab), percent(few.counts))
	}
	return fmt.Sprintf("Characters make %.2f tokens per word (%.1f bytes each). Whole words with their punctuation make %.2f, %s.",
		chars.perWord(), chars.bytesPerToken(), all.perWord(), lost)
}

// compareSubwords compares characters with the largest byte-level BPE whose vocabulary is no larger than that of all words.
func compareSubwords(kinds map[string][]row) string {
	chars, all, few, best := kinds[charsKind][0], last(kinds[wordsKind]), kinds[bpeKind][0], kinds[bpeKind][0]
	for _, r := range kinds[bpeKind] {
		if r.vocab <= all.vocab {
			best = r
		}
	}
	s := fmt.Sprintf("Among subwords, %s makes %.2f, %s as many as characters, with %s unknown and %s as many entries as all words.",
		best.name(), best.perWord(), times(best.perWord()/chars.perWord()), percent(best.counts), times(ratio(best.vocab, all.vocab)))
	if end := last(kinds[bpeKind]); end.vocab > few.vocab {
		s += fmt.Sprintf(" From %s to %s entries (%s as many) its tokens fall to %s.",
			number(few.vocab), number(end.vocab), times(ratio(end.vocab, few.vocab)), times(ratio(end.tokens, few.tokens)))
	}
	return s
}

// compareLargest compares the largest subword vocabularies.
func compareLargest(kinds map[string][]row) string {
	least, most := last(kinds[bpeKind]), last(kinds[bpeKind])
	for _, kind := range []string{uniKind, pieceKind} {
		r := last(kinds[kind])
		if r.tokens < least.tokens {
			least = r
		}
		if r.tokens > most.tokens {
			most = r
		}
	}
	if least.tokens == most.tokens {
		return "The largest subword vocabularies all make the same number of tokens."
	}
	return fmt.Sprintf("Among the largest subword vocabularies, %s makes the fewest tokens (%.2f per word, %s unknown) and %s the most (%.2f, %s).",
		least.name(), least.perWord(), percent(least.counts), most.name(), most.perWord(), percent(most.counts))
}

func last(rows []row) row { return rows[len(rows)-1] }

// times returns a ratio in words: a percentage below 1, else a number of times.
func times(ratio float64) string {
	if ratio < 1 {
		return fmt.Sprintf("%.0f%%", 100*ratio)
	}
	return fmt.Sprintf("%.3g times", ratio)
}

// wrap returns the paragraphs in lines of at most width characters.
func wrap(paragraphs []string, width int) string {
	var b strings.Builder
	for _, p := range paragraphs {
		column := 0
		for _, word := range strings.Fields(p) {
			n := len([]rune(word))
			switch {
			case column > 0 && column+1+n > width:
				b.WriteByte('\n')
				column = 0
			case column > 0:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += n
		}
		b.WriteByte('\n')
	}
	return b.String()
}
