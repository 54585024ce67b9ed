package train_test

import (
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// member is a rank of a Group of goroutines.
type member struct {
	rank, size int
	links      [][]chan []byte // from, to
	gone       chan struct{}   // closed when a rank has failed
	sent       *int
}

// newGroup returns the ranks of a Group. leave must be called when a rank ends with an error.
func newGroup(size int) (all []*member, leave func()) {
	links := make([][]chan []byte, size)
	for i := range links {
		for range size {
			links[i] = append(links[i], make(chan []byte, 64))
		}
	}
	gone := make(chan struct{})
	for rank := range size {
		all = append(all, &member{rank, size, links, gone, new(int)})
	}
	return all, sync.OnceFunc(func() { close(gone) })
}

func (m *member) Rank() int { return m.rank }
func (m *member) Size() int { return m.size }

func (m *member) Send(to int, data []byte) error {
	*m.sent += len(data)
	select {
	case m.links[m.rank][to] <- slices.Clone(data):
		return nil
	default:
	}
	select {
	case m.links[m.rank][to] <- slices.Clone(data):
		return nil
	case <-m.gone:
		return errors.New("another rank is gone")
	}
}

func (m *member) Receive(from int, data []byte) error {
	var message []byte
	select {
	case message = <-m.links[from][m.rank]:
	case <-m.gone:
		select {
		case message = <-m.links[from][m.rank]:
		case <-time.After(time.Second): // the sender may have been about to send
			return errors.New("another rank is gone")
		}
	}
	if len(message) != len(data) {
		return errors.Errorf("got %d bytes from rank %d, want %d", len(message), from, len(data))
	}
	copy(data, message)
	return nil
}

func (m *member) Broadcast(from int, data []byte) error {
	if m.rank != from {
		return m.Receive(from, data)
	}
	for to := range m.size {
		if to != from {
			if err := m.Send(to, data); err != nil {
				return err
			}
		}
	}
	return nil
}

// together runs f on all ranks of a Group and returns their errors.
func together(size int, f func(g train.Group) error) []error {
	all, leave := newGroup(size)
	failed := make([]error, size)
	var wait sync.WaitGroup
	for rank, m := range all {
		wait.Go(func() {
			if failed[rank] = f(m); failed[rank] != nil {
				leave()
			}
		})
	}
	wait.Wait()
	return failed
}
