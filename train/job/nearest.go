package job

import (
	"fmt"
	"strings"
)

// Suggest returns ` (did you mean "near"?)` with the name nearest to the word, or "" if none is near.
func Suggest(word string, names []string, dash string) string {
	word = strings.ToLower(strings.TrimLeft(word, "-"))
	best, least := "", len(word)/3+2 // one letter more than a third may be wrong
	for _, n := range names {
		d := distance(word, n)
		if len(word) > 1 && (strings.HasPrefix(n, word) || strings.HasPrefix(word, n) && len(n) > 2) {
			d = min(d, 1)
		}
		if d < least && d < max(len(word), len(n)) {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", dash+best)
}

// distance returns the least number of edits that turn a into b. An edit inserts, deletes or replaces a letter or swaps neighbours
// (optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range len(a) {
		older, old, row := rows[0], rows[1], rows[2]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(old[j+1]+1, row[j]+1, old[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		rows = [3][]int{old, row, older}
	}
	return rows[1][len(b)]
}
