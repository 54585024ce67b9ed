package page

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"

	"github.com/gorgoformer/gorgoformer/train"
)

// History records the steps, evaluations and samples of a run, for pages that open later, and sends them to the open pages. Its methods
// may be called from several goroutines. None waits for a page: a page that reads too slowly misses steps, but no other events.
type History struct {
	mu        sync.Mutex
	log       Log
	every     int // rows are kept of every so many steps
	followers map[chan []byte]bool
}

// Limits of a History.
const (
	mostRows     = 2000
	mostSamples  = 200
	mostMeasured = 500 // rows with parts that are always kept
	mostNews     = 64  // events that a page may lag behind
)

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{every: 1, followers: map[chan []byte]bool{}, log: Log{Rows: []Row{}, Scores: []Score{}, Samples: []Sample{}}}
}

// Begin says that a run is going on, up to step last.
func (h *History) Begin(last int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.Last, h.log.Live = last, true
}

// Step adds a step. parts may be nil.
func (h *History) Step(r train.Report, parts []Part) {
	row := Row{
		Step: r.Step, Loss: finite(r.Loss), Norm: finite(r.GradNorm), Rate: finite(r.Rate), Tokens: r.Tokens, Seconds: r.Elapsed.Seconds(), Parts: parts,
	}
	if row.Parts == nil {
		row.Parts = []Part{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Step%h.every == 0 || len(parts) > 0 {
		h.log.Rows = append(h.log.Rows, row)
	}
	for len(h.log.Rows) > mostRows {
		h.thin()
	}
	h.send("step", row, false)
}

// thin keeps the rows of half as many steps, and those with parts.
func (h *History) thin() {
	h.every *= 2
	kept, measured := h.log.Rows[:0], 0
	for i, r := range h.log.Rows {
		if len(r.Parts) > 0 {
			measured++
		}
		if i%2 == 1 || i == len(h.log.Rows)-1 || len(r.Parts) > 0 && measured <= mostMeasured {
			kept = append(kept, r)
		}
	}
	h.log.Rows = kept
}

// Evaluation adds an evaluation after a step.
func (h *History) Evaluation(step int, e train.Evaluation) {
	s := Score{Step: step, Loss: finite(e.Loss)}
	if e.Accuracy > 0 {
		s.Accuracy = &e.Accuracy
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.Scores = append(h.log.Scores, s)
	h.send("evaluation", s, true)
}

// Sample adds a text that the model wrote after a step.
func (h *History) Sample(step int, text string) {
	s := Sample{step, text}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.log.Samples = append(h.log.Samples, s); len(h.log.Samples) > mostSamples {
		h.log.Samples = h.log.Samples[1:]
	}
	h.send("sample", s, true)
}

// Checkpoint says that the weights after a step were saved, or that there are newer ones to look at.
func (h *History) Checkpoint(step int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send("checkpoint", map[string]int{"step": step}, true)
}

// End says that the run has ended.
func (h *History) End() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.Live = false
	h.send("end", map[string]int{}, true)
}

// Followed reports whether a page is open on the run.
func (h *History) Followed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.followers) > 0
}

// Log returns a copy of everything so far.
func (h *History) Log() Log {
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.log
	l.Rows, l.Scores, l.Samples = append([]Row{}, l.Rows...), append([]Score{}, l.Scores...), append([]Sample{}, l.Samples...)
	return l
}

// state returns the history's Last and Live.
func (h *History) state() (s struct {
	Last int
	Live bool
}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Last, s.Live = h.log.Last, h.log.Live
	return s
}

// follow returns the events from now on, and a function that ends them.
func (h *History) follow() (news <-chan []byte, leave func()) {
	c := make(chan []byte, mostNews)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.followers[c] = true
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.followers[c] {
			delete(h.followers, c)
			close(c)
		}
	}
}

// send gives an event to all followers. A follower that lags too far behind misses an event, or is left if it must not miss it: its
// page then connects again and reads the log. The caller holds h.mu.
func (h *History) send(name string, data any, must bool) {
	if len(h.followers) == 0 {
		return
	}
	text, err := json.Marshal(data)
	if err != nil {
		return // only numbers that are not finite have no JSON, and finite removed them
	}
	e := fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, text)
	for c := range h.followers {
		if !must && len(c) > mostNews/2 {
			continue
		}
		select {
		case c <- e:
		default:
			if must {
				delete(h.followers, c)
				close(c)
			}
		}
	}
}

// finite returns v, or the largest number in its place: JSON has no infinity and no NaN.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return math.MaxFloat64
	}
	return v
}
