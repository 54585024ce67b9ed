package page_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// fake is an Inside with fixed answers.
type fake struct{}

func (fake) About() page.About { return page.About{Title: "a fake", Kind: "causal"} }

func (fake) Tokens(text string) (*page.Tokens, error) {
	return &page.Tokens{Cuts: []page.Cut{{Name: "model", Spans: []page.Span{{Text: text}}}}}, nil
}

func (fake) Read(q page.Question) (*page.Reading, error) {
	if q.Text == "" {
		return nil, errors.New("the text has no tokens, want at least one")
	}
	return &page.Reading{Step: q.Step}, nil
}

func (fake) Head(q page.HeadQuestion) (*page.Head, error) {
	return &page.Head{Scores: page.Matrix{Rows: 1, Cols: 2, Values: page.Numbers{1.5, float32(math.Inf(-1))}}}, nil
}

func (fake) Next(q page.NextQuestion) (*page.Next, error) { panic("a fault in the model") }

func (fake) Words(q page.WordsQuestion) (*page.Words, error) {
	return &page.Words{Total: int(q.ID)}, nil
}

func (fake) Map(step int) (*page.Map, error) {
	return &page.Map{Texts: []string{fmt.Sprint(step)}}, nil
}

func (fake) Graph() (*page.Graph, error) { return &page.Graph{}, nil }

func (fake) Batch(step int) (*page.Batch, error) { return &page.Batch{Step: step}, nil }

func serve(t *testing.T, p page.Page) *page.Server {
	t.Helper()
	s, err := page.Listen("localhost:0", p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// do sends a request and returns the status and the body.
func do(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(body)
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEndpoints(t *testing.T) {
	s := serve(t, page.Page{Inside: fake{}})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", 200, "<title>Gorgoformer</title>"},
		{"GET", "/main.js", "", 200, "import"},
		{"GET", "/../server.go", "", 404, ""},
		{"GET", "/static/main.js", "", 404, ""},
		{"POST", "/", "", 405, `of a page, want GET`},
		{"GET", "/api/v1/about", "", 200, `"title":"a fake"`},
		{"POST", "/api/v1/tokens", `{"text":"<b>한</b>"}`, 200, `"text":"<b>한</b>"`},
		{"POST", "/api/v1/read", `{"text":"a","source":"","step":7}`, 200, `"step":7`},
		{"POST", "/api/v1/read", `{"text":""}`, 400, "no tokens"},
		{"POST", "/api/v1/read", `{"texts":""}`, 400, "texts"},
		{"POST", "/api/v1/read", `{"text":""}{}`, 400, "more than one"},
		{"POST", "/api/v1/read", ``, 400, "empty"},
		{"POST", "/api/v1/read", `{"text":` + `"` + strings.Repeat("a", 2<<20) + `"}`, 413, "exceeds 262144 bytes"},
		{"POST", "/api/v1/head", `{"text":"a","path":"h.0.attn","head":0}`, 200, `"scores":{"rows":1,"cols":2,"values":"AADAPwAAgP8="}`},
		{"POST", "/api/v1/next", `{"text":"a"}`, 400, "a fault in the model"},
		{"POST", "/api/v1/words", `{"id":3}`, 200, `"total":3`},
		{"GET", "/api/v1/map?step=-1", "", 200, `"-1"`},
		{"GET", "/api/v1/map?step=x", "", 400, `step is \"x\"`},
		{"GET", "/api/v1/batch?step=12", "", 200, `"step":12`},
		{"GET", "/api/v1/graph", "", 200, `"root"`},
		{"GET", "/api/v1/log", "", 200, `"rows":[]`},
		{"GET", "/api/v1/read", "", 405, "want POST"},
		{"DELETE", "/api/v1/graph", "", 405, "want GET"},
		{"POST", "/api/v1/about", "{}", 405, "want GET"},
		{"GET", "/api/v1/reads", "", 404, "no endpoint GET"},
		{"GET", "/api/v2/about", "", 404, "no endpoint"},
	} {
		status, body := do(t, request(t, c.method, s.URL+c.path, c.body))
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: got %d %.200q, want %d and %q", c.method, c.path, status, body, c.status, c.want)
		}
		if c.status != 200 && strings.HasPrefix(c.path, "/api/") && json.Unmarshal([]byte(body), &struct{ Error string }{}) != nil {
			t.Errorf("%s %s: the error %.200q is no JSON", c.method, c.path, body)
		}
	}
}

// TestWithoutModel: a page without an Inside shows the training alone.
func TestWithoutModel(t *testing.T) {
	s := serve(t, page.Page{Title: "a run"})
	if status, body := do(t, request(t, "GET", s.URL+"/api/v1/about", "")); status != 200 || !strings.Contains(body, `"kind":"none"`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, body := do(t, request(t, "POST", s.URL+"/api/v1/read", "{}")); status != 404 || !strings.Contains(body, "no model") {
		t.Errorf("got %d %s", status, body)
	}
}

// TestHosts: a name that another site has bound to the loopback address is refused, and so are questions from other sites.
func TestHosts(t *testing.T) {
	s := serve(t, page.Page{Inside: fake{}})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	for host, want := range map[string]int{
		"localhost:" + port: 200, "127.0.0.1:" + port: 200, "[::1]:" + port: 200,
		"evil.example:" + port: 403, "localhost": 403, "localhost:1": 403, "localhost.evil.example:" + port: 403, "": 403,
	} {
		r := request(t, "GET", s.URL+"/api/v1/about", "")
		if r.Host = host; host == "" {
			r.Host = "x"
		}
		if status, body := do(t, r); status != want {
			t.Errorf("host %q: got %d %s, want %d", host, status, body, want)
		}
	}
	r := request(t, "POST", s.URL+"/api/v1/read", `{"text":"a"}`)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, _ := do(t, r); status != 403 {
		t.Errorf("a question from another site: got %d, want 403", status)
	}
}

// TestHeaders: every answer forbids scripts of others.
func TestHeaders(t *testing.T) {
	s := serve(t, page.Page{Inside: fake{}})
	for _, path := range []string{"/", "/main.js", "/api/v1/about", "/nothing"} {
		a, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if p := a.Header.Get("Content-Security-Policy"); !strings.Contains(p, "default-src 'none'") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: the policy is %q", path, p)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: the type of the content may be guessed", path)
		}
	}
}

func TestAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"localhost:1": true, ":8080": true, "127.0.0.1:1": true, "[::1]:0": true, "0.0.0.0:80": false, "192.168.0.1:80": false, "example.com:80": false, "8080": false,
	} {
		if got := page.Loopback(address); got != want {
			t.Errorf("%s: loopback is %t, want %t", address, got, want)
		}
	}
	if _, err := page.Listen("8080", page.Page{}); err == nil || !strings.Contains(err.Error(), "host:port") {
		t.Errorf("got error %v, want one that names host:port", err)
	}
}
