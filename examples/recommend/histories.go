package main

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// read reads the histories of a file, or makes some if path is "".
func read(path, separator string) (data.Histories, error) {
	if path == "" {
		return invented(2000, 300), nil
	}
	return data.ReadHistories(path, strings.ReplaceAll(separator, `\t`, "\t")) // a shell does not expand \t
}

// invented makes histories of users who go 1, 7 or 60 items further, as they did before, in four of five steps. Else they take any item
// and choose another distance.
func invented(users, items int) data.Histories {
	h := make(data.Histories, users)
	for u := range h {
		random := kernel.Seed{Key: kernel.Key(1, "invented"), Stream: uint64(u)}
		at, distance := 0, 1
		for i := range uint64(8 + u%25) {
			if i == 0 || random.Uint32(3*i)%5 == 0 {
				at, distance = int(random.Uint32(3*i+1))%items, []int{1, 7, 60}[random.Uint32(3*i+2)%3]
			} else {
				at = (at + distance) % items
			}
			h[u] = append(h[u], int32(at+1))
		}
	}
	return h
}

// parts are the histories of a run: to learn from, to choose the best checkpoint, and to test.
type parts struct {
	learning, valid, test data.Histories
	items                 int32
}

// split splits the histories of a file, or invented ones.
func split(path, separator string) (p parts, err error) {
	all, err := read(path, separator)
	if err != nil {
		return p, err
	}
	p.items = all.Items()
	p.learning, p.valid, p.test = all.Split()
	p.learning = p.learning.Longer(1)
	if len(p.test) == 0 {
		return p, errors.Errorf("none of %d users has 3 items: the last items of such users are scored", len(all))
	}
	return p, unseenItems(p.test, p.items)
}

// key returns the key of all histories.
func (p parts) key() string { return slices.Concat(p.learning, p.test).Key() }

// unseenItems returns an error if a user has all items. The last item of each user is ranked among items that the user does not have.
func unseenItems(histories data.Histories, items int32) error {
	for _, h := range histories {
		if len(h) < int(items) {
			continue
		}
		if _, err := data.Others(h, 0, items, kernel.Seed{}); err != nil {
			return errors.Errorf("a user has all %d items: the last item of each user is ranked among items that the user does not have", items)
		}
	}
	return nil
}

// explain adds to an error of memory that the numbers of the items have gaps, if they have many.
func (p parts) explain(err error) error {
	seen := map[int32]bool{}
	for _, h := range p.test {
		for _, item := range h {
			seen[item] = true
		}
	}
	if len(seen) > int(p.items)/10 {
		return err
	}
	return errors.WithMessagef(err, "the largest item is %d, but users have only %d items: number them from 1 without gaps", p.items, len(seen))
}
