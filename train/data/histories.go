package data

import (
	"crypto/sha256"
	"slices"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Histories holds the items of each user in order of time, for a model that recommends the next one. Items are numbered from 1.
type Histories [][]int32

// ReadHistories reads a file with a user and an item per line, separated by the separator; "" means a space. The lines of a user are in
// order of time. The result has the users in order of their first lines. It unpacks a .gz file. An item that is no number of at least 1
// is an error that names the user.
func ReadHistories(path, separator string) (h Histories, err error) {
	defer func() { err = errors.WithMessage(err, "data: histories") }()
	if separator == "" {
		separator = " "
	}
	rows, err := ReadLabelled(path, Columns{Separator: separator, Label: 1})
	if err != nil {
		return nil, err
	}
	users := map[string]int{}
	for i, row := range rows {
		item, err := strconv.ParseInt(row.Label, 10, 32)
		if err != nil || item < 1 {
			return nil, errors.Errorf("%s: row %d: user %.40q has item %.40q, want a number of 1 … %d", path, i+1, row.Text, row.Label, int32(1<<31-1))
		}
		u, ok := users[row.Text]
		if !ok {
			u = len(h)
			users[row.Text], h = u, append(h, nil)
		}
		h[u] = append(h[u], int32(item))
	}
	if len(h) == 0 {
		return nil, errors.Errorf("%s holds no user", path)
	}
	return h, nil
}

// Items returns the largest item, 0 if there is none.
func (h Histories) Items() (most int32) {
	for _, items := range h {
		for _, item := range items {
			most = max(most, item)
		}
	}
	return most
}

// Split returns three parts (Kang and McAuley 2018, section IV): histories to learn from, without their last two items; histories
// without their last item, to validate; and whole histories, to test. The last item of a history to validate or to test is the right
// answer. A history of fewer than 3 items is only in the first part, and whole.
func (h Histories) Split() (learning, valid, test Histories) {
	for _, items := range h {
		n := len(items)
		if n < 3 {
			learning = append(learning, items)
			continue
		}
		learning, valid, test = append(learning, items[:n-2]), append(valid, items[:n-1]), append(test, items)
	}
	return learning, valid, test
}

// Longer returns the histories of more than n items.
func (h Histories) Longer(n int) (longer Histories) {
	for _, items := range h {
		if len(items) > n {
			longer = append(longer, items)
		}
	}
	return longer
}

// Key returns the key of the histories.
func (h Histories) Key() string {
	k := keyer{sum: sha256.New()}
	for _, items := range h {
		k.part(items)
	}
	return k.key()
}

// Others draws n items of 1 … most that are not in a history, with repetitions. A draw depends only on s. It is an error if the
// history has all items.
func Others(history []int32, n int, most int32, s kernel.Seed) ([]int32, error) {
	drawn, err := others(history, n, most, s)
	return drawn, errors.WithMessage(err, "data: histories")
}

func others(history []int32, n int, most int32, s kernel.Seed) ([]int32, error) {
	seen := slices.Clone(history)
	slices.Sort(seen)
	if seen = slices.Compact(seen); len(seen) >= int(most) {
		return nil, errors.Errorf("a user has all %d items, so that there is no other item to draw", most)
	}
	drawn := make([]int32, n)
	for i := range drawn {
		for try := uint64(0); ; try++ {
			drawn[i] = 1 + int32(s.Uint32(uint64(i)<<32|try)%uint32(most))
			if _, found := slices.BinarySearch(seen, drawn[i]); !found {
				break
			}
		}
	}
	return drawn, nil
}
