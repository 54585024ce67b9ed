package page

import (
	"context"
	"embed"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
)

//go:embed static
var static embed.FS

// Page is the content of a page: a model, a run, or both.
type Page struct {
	Inside Inside // of a model; nil shows the training alone
	Title  string // of the page without an Inside

	History *History // of a run; nil shows no training
	Step    *Step    // graph of the Program that trains; nil if none does
}

// Server serves a page until Close.
type Server struct {
	URL string // address of the page, with http://

	page     Page
	server   *http.Server
	hosts    map[string]bool // values of Host that are answered
	closed   chan struct{}
	once     sync.Once
	requests chan struct{} // bounds the questions that are answered at once
	sending  atomic.Int64  // bytes of answers that are being read
	streams  chan struct{} // bounds the followers of a run
}

// Limits of the server.
const (
	mostBody     = 256 << 10 // bytes of a question
	mostAtOnce   = 4         // questions answered at once; others wait
	mostSending  = 128 << 20 // bytes of answers that are being read, unless there is only one
	smallAnswer  = 1 << 20   // bytes of an answer that may fill all of mostSending
	mostStreams  = 200       // followers of a run
	mostWaiting  = 30 * time.Second
	headerTime   = 5 * time.Second
	bodyTime     = 20 * time.Second
	answerTime   = 60 * time.Second
	mostOfHeader = 16 << 10
)

// Listen serves a page on an address: host:port, where port 0 means any free one and an empty host means this machine alone. The server
// runs until Close.
func Listen(address string, p Page) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.Errorf("page: address %q, want host:port, such as localhost:8080 or localhost:0 for any free port", address)
	}
	if host == "" {
		host = "localhost"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, errors.Wrap(err, "page")
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		l.Close()
		return nil, errors.Wrap(err, "page")
	}
	if p.History == nil {
		p.History = NewHistory()
	}
	s := &Server{
		URL: "http://" + net.JoinHostPort(host, port), page: p, hosts: hosts(host, port), closed: make(chan struct{}),
		requests: make(chan struct{}, mostAtOnce), streams: make(chan struct{}, mostStreams),
	}
	s.server = &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: answerTime, MaxHeaderBytes: mostOfHeader,
	}
	go s.server.Serve(l) // ends with Close
	return s, nil
}

// Loopback reports whether an address of Listen is reachable from this machine alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "" || host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Close ends the server and all its connections.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closed) })
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Wrap(s.server.Close(), "page")
	}
	return nil
}

// hosts returns the values of Host that name a server on host: a page of another site that is bound to this address names itself.
func hosts(host, port string) map[string]bool {
	all := map[string]bool{net.JoinHostPort(host, port): true}
	if Loopback(net.JoinHostPort(host, port)) {
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			all[net.JoinHostPort(name, port)] = true
		}
	}
	if port == "80" {
		for h := range all {
			all[strings.TrimSuffix(h, ":80")] = true
		}
	}
	return all
}

// answers reports whether the server answers requests for a Host. A server on all addresses of the machine does not know them. It answers
// requests for any address and for localhost, but for no other name.
func (s *Server) answers(host string) bool {
	if s.hosts[host] {
		return true
	}
	if !s.hosts[net.JoinHostPort("0.0.0.0", portOf(host))] && !s.hosts[net.JoinHostPort("::", portOf(host))] {
		return false
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(name)
	return err == nil || name == "localhost"
}

func portOf(host string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		return "80"
	}
	return port
}

// policy is the Content-Security-Policy: the page loads from the server alone and runs no script of a text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// handler answers all requests.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	files, _ := fs.Sub(static, "static") // embedded, so it exists
	pages := http.FileServerFS(files)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			fail(w, http.StatusMethodNotAllowed, errors.Errorf("%.20q of a page, want GET", r.Method))
			return
		}
		pages.ServeHTTP(w, r)
	})
	s.endpoints(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !s.answers(r.Host) {
			fail(w, http.StatusForbidden, errors.Errorf("the Host of the request is %.100q, want the address of this server", r.Host))
			return
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" && r.Method != http.MethodGet {
			fail(w, http.StatusForbidden, errors.New("the request comes from another site"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}
