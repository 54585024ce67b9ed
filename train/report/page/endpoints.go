package page

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/pkg/errors"
)

// endpoints registers the questions of the page: see the documentation of the package.
func (s *Server) endpoints(mux *http.ServeMux) {
	serve(mux, http.MethodGet, "about", s.about)
	serve(mux, http.MethodGet, "log", func(w http.ResponseWriter, r *http.Request) { s.tell(w, s.page.History.Log()) })
	serve(mux, http.MethodGet, "events", s.events)
	answer(mux, s, "tokens", func(in Inside, q struct {
		Text string `json:"text"`
	}) (*Tokens, error) {
		return in.Tokens(q.Text)
	})
	answer(mux, s, "read", Inside.Read)
	answer(mux, s, "head", Inside.Head)
	answer(mux, s, "next", Inside.Next)
	answer(mux, s, "words", Inside.Words)
	ofStep(mux, s, "map", Inside.Map)
	ofStep(mux, s, "batch", Inside.Batch)
	serve(mux, http.MethodGet, "step", s.step)
	serve(mux, http.MethodGet, "graph", s.inside(func(in Inside, r *http.Request) (any, error) { return in.Graph() }))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, http.StatusNotFound, errors.Errorf("there is no endpoint %s %.100q", r.Method, r.URL.Path))
	})
}

// serve registers an endpoint, which answers one method. A GET endpoint answers HEAD, too.
func serve(mux *http.ServeMux, method, name string, f http.HandlerFunc) {
	mux.HandleFunc(method+" /api/v1/"+name, f)
	mux.HandleFunc("/api/v1/"+name, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", method)
		fail(w, http.StatusMethodNotAllowed, errors.Errorf("%.20q of %s, want %s", r.Method, r.URL.Path, method))
	})
}

// answer registers a POST endpoint whose body is a question.
func answer[Q, A any](mux *http.ServeMux, s *Server, name string, of func(Inside, Q) (A, error)) {
	serve(mux, http.MethodPost, name, s.inside(func(in Inside, r *http.Request) (any, error) {
		var q Q
		if err := read(r, &q); err != nil {
			return nil, err
		}
		return of(in, q)
	}))
}

// ofStep registers a GET endpoint with the parameter step.
func ofStep[A any](mux *http.ServeMux, s *Server, name string, of func(Inside, int) (A, error)) {
	serve(mux, http.MethodGet, name, s.inside(func(in Inside, r *http.Request) (any, error) {
		text := r.URL.Query().Get("step")
		step, err := strconv.Atoi(text)
		if err != nil {
			return nil, errors.Errorf("step is %.40q, want a whole number, or -1 for the newest", text)
		}
		return of(in, step)
	}))
}

// inside answers with the model, a few questions at a time. A client that writes or reads slowly does not keep others waiting.
func (s *Server) inside(f func(Inside, *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.page.Inside == nil {
			fail(w, http.StatusNotFound, errors.New("this page shows no model"))
			return
		}
		question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
		if large := new(http.MaxBytesError); errors.As(err, &large) {
			fail(w, http.StatusRequestEntityTooLarge, errors.Errorf("the question exceeds %d bytes", large.Limit))
			return
		} else if err != nil {
			fail(w, http.StatusBadRequest, errors.Wrap(err, "question"))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(question))
		wait := time.NewTimer(mostWaiting)
		defer wait.Stop()
		select {
		case s.requests <- struct{}{}:
		case <-r.Context().Done():
			return
		case <-wait.C:
			fail(w, http.StatusServiceUnavailable, errors.New("too many questions at once: try again"))
			return
		}
		body, status, err := encoded(func() (any, error) { return f(s.page.Inside, r) })
		<-s.requests
		s.reply(w, body, status, err)
	}
}

// reply sends an answer in JSON, or its error.
func (s *Server) reply(w http.ResponseWriter, body []byte, status int, err error) {
	if err != nil {
		fail(w, status, err)
		return
	}
	n := int64(cap(body))
	if !s.reserve(n) {
		fail(w, http.StatusServiceUnavailable, errors.New("too many answers are being read: try again"))
		return
	}
	defer s.sending.Add(-n)
	write(w, http.StatusOK, body)
}

// reserve counts the n bytes of an answer as being read, and reports whether they fit. Large answers leave a quarter of the room to small
// ones, so that slow readers of large answers keep no one waiting.
func (s *Server) reserve(n int64) bool {
	most := int64(mostSending)
	if n > smallAnswer {
		most -= mostSending / 4
	}
	for {
		all := s.sending.Load()
		if all > 0 && all+n > most {
			return false
		}
		if s.sending.CompareAndSwap(all, all+n) {
			return true
		}
	}
}

// tell answers without the model.
func (s *Server) tell(w http.ResponseWriter, a any) {
	body, status, err := encoded(func() (any, error) { return a, nil })
	s.reply(w, body, status, err)
}

// encoded returns an answer in JSON, or its error with the status.
func encoded(of func() (any, error)) (body []byte, status int, err error) {
	a, err := guarded(of)
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return nil, http.StatusInternalServerError, errors.Wrap(err, "answer")
	}
	return b.Bytes(), http.StatusOK, nil
}

// guarded turns a panic into an error, so that one question does not end a training run.
func guarded(f func() (any, error)) (a any, err error) {
	defer func() {
		if r := recover(); r != nil {
			a, err = nil, errors.Errorf("panic: %v", r)
		}
	}()
	return f()
}

// read reads a question: one JSON value with known fields.
func read(r *http.Request, q any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(q); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the question is empty, want JSON")
		}
		return errors.Wrap(err, "question")
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("the question has more than one JSON value")
	}
	return nil
}

// fail writes an error.
func fail(w http.ResponseWriter, status int, err error) {
	b, _ := json.Marshal(map[string]string{"error": err.Error()}) // a string has JSON
	write(w, status, b)
}

func write(w http.ResponseWriter, status int, body []byte) {
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTime)) // a slow reader does not keep the answer for ever
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(body) // a reader who left needs no answer
}

// about answers with the model and the run.
func (s *Server) about(w http.ResponseWriter, r *http.Request) {
	a := About{Title: s.page.Title, Kind: "none"}
	if s.page.Inside != nil {
		a = s.page.Inside.About()
	}
	a.Trains = s.page.Step != nil
	log := s.page.History.state()
	a.Live = log.Live
	if log.Last > 0 {
		a.Last = log.Last
	}
	if a.Steps == nil {
		a.Steps = []int{}
	}
	if a.Samples == nil {
		a.Samples = []string{}
	}
	if a.Pictures == nil {
		a.Pictures = []string{}
	}
	s.tell(w, a)
}

// step answers with the graph of a training step. It waits for the training and not for other questions.
func (s *Server) step(w http.ResponseWriter, r *http.Request) {
	if s.page.Step == nil {
		fail(w, http.StatusNotFound, errors.New("this page shows no training in this process: see the graph of the model"))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), mostWaiting)
	defer cancel()
	body, status, err := encoded(func() (any, error) { return s.page.Step.Graph(ctx) })
	s.reply(w, body, status, err)
}

// events sends the events of a run until the reader leaves or the server closes.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		fail(w, http.StatusServiceUnavailable, errors.Errorf("%d pages follow this run already", mostStreams))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	news, leave := s.page.History.follow()
	defer leave()
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	send := func(text []byte) bool {
		out.SetWriteDeadline(time.Now().Add(bodyTime))
		if _, err := w.Write(text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !send([]byte(": hello\n\n")) {
		return
	}
	for {
		select {
		case e, ok := <-news:
			if !ok || !send(e) {
				return
			}
		case <-beat.C:
			if !send([]byte(": beat\n\n")) {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
	}
}
