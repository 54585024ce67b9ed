package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// TestMissedEnd ends a run after the page has read its log and before the page follows its events. The page shows the last step.
func TestMissedEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	t.Parallel()
	m, err := (&options{model: saved(t, func(v int) models.Model {
		return models.GPT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 16}
	})}).open(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	h := page.NewHistory()
	h.Begin(30)
	s, err := page.Listen("localhost:0", page.Page{Inside: m.Model, History: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b := open(t, behind(t, s.URL, func() {
		h.Step(train.Report{Step: 30, Loss: 1, Tokens: 1, Elapsed: time.Second}, nil)
		h.End()
	}), "en", 1200, 900)
	b.until(waitForEnd)
}

// behind returns the address of a server that passes requests on. It calls f before the first request for events.
func behind(t *testing.T, address string, f func()) string {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	once := sync.OnceFunc(f)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/events" {
			once()
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}
