package page_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
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
		{"POST", "/api/v1/read", `{"text":` + `"` + strings.Repeat("a", 2<<20) + `"}`, 413, "exceeds 1048576 bytes"},
		{"POST", "/api/v1/head", `{"text":"a","path":"h.0.attn","head":0}`, 200, `"scores":{"rows":1,"cols":2,"values":"AADAPwAAgP8="}`},
		{"POST", "/api/v1/next", `{"text":"a"}`, 400, "a fault in the model"},
		{"POST", "/api/v1/words", `{"id":3}`, 200, `"total":3`},
		{"GET", "/api/v1/map?step=-1", "", 200, `"-1"`},
		{"GET", "/api/v1/map?step=x", "", 400, `step is \"x\"`},
		{"GET", "/api/v1/batch?step=12", "", 200, `"step":12`},
		{"GET", "/api/v1/graph", "", 200, `"root"`},
		{"GET", "/api/v1/log", "", 200, `"rows":[]`},
		{"GET", "/api/v1/read", "", 404, "no endpoint GET"},
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

// TestEvents follows a run.
func TestEvents(t *testing.T) {
	h := page.NewHistory()
	s := serve(t, page.Page{History: h})
	h.Begin(10)
	h.Step(train.Report{Step: 1, Loss: math.NaN(), Tokens: 5, Elapsed: time.Second}, nil)
	a, err := http.Get(s.URL + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	lines := bufio.NewScanner(a.Body)
	lines.Scan() // the greeting has been sent when the page follows
	for !h.Followed() {
		time.Sleep(time.Millisecond)
	}
	h.Step(train.Report{Step: 2, Loss: 3}, []page.Part{{Path: "h.*", Norm: 1}})
	h.Evaluation(2, train.Evaluation{Loss: 2.5, Accuracy: 0.5})
	h.Sample(2, "line one\nevent: fake")
	h.End()
	var got []string
	for len(got) < 4 && lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			lines.Scan()
			got = append(got, name+" "+strings.TrimPrefix(lines.Text(), "data: "))
		}
	}
	want := []string{
		`step {"step":2,"loss":3,"norm":0,"rate":0,"tokens":0,"seconds":0,"parts":[{"path":"h.*","norm":1,"update":0}]}`,
		`evaluation {"step":2,"loss":2.5,"accuracy":0.5}`, `sample {"step":2,"text":"line one\nevent: fake"}`, `end {}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	log := h.Log()
	if len(log.Rows) != 2 || len(log.Scores) != 1 || len(log.Samples) != 1 || log.Live || log.Last != 10 {
		t.Errorf("got %+v", log)
	}
}

// TestThinning: a long run keeps a bounded number of rows, evenly spread, with the last one.
func TestThinning(t *testing.T) {
	h := page.NewHistory()
	for step := 1; step <= 100000; step++ {
		h.Step(train.Report{Step: step}, nil)
	}
	rows := h.Log().Rows
	if len(rows) > 2000 || len(rows) < 900 {
		t.Errorf("%d rows are kept, want 900 … 2000", len(rows))
	}
	for i := 1; i < len(rows); i++ {
		if d := rows[i].Step - rows[i-1].Step; d < 1 || d > 200 {
			t.Fatalf("the rows go from step %d to %d", rows[i-1].Step, rows[i].Step)
		}
	}
}

// TestHostile sends a thousand strange requests from many clients. Each gets an answer, and the memory stays bounded.
func TestHostile(t *testing.T) {
	s := serve(t, page.Page{Inside: fake{}, History: page.NewHistory()})
	names := []string{"about", "tokens", "read", "head", "next", "words", "map", "graph", "log", "batch", "", "../about", "read/../../x", "%00", "read?step=1e999"}
	bodies := []string{
		"", "{", "[]", "null", "1", `"text"`, `{"text":1}`, `{"text":"` + strings.Repeat("가", 100000) + `"}`, strings.Repeat("[", 100000),
		`{"step":99999999999999999999}`, "\x00\xff\xfe", `{"text":"\ud800"}`, `{"head":-1,"path":"../../etc/passwd"}`,
	}
	var wait sync.WaitGroup
	for client := range 10 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			random := rand.New(rand.NewPCG(1, uint64(client)))
			for range 100 {
				name, body := names[random.IntN(len(names))], bodies[random.IntN(len(bodies))]
				method := []string{"GET", "POST", "PUT", "DELETE", "OPTIONS"}[random.IntN(5)]
				r, err := http.NewRequest(method, s.URL+"/api/v1/"+name, strings.NewReader(body))
				if err != nil {
					continue // the client refuses it
				}
				if random.IntN(5) == 0 {
					r.Host = "evil.example"
				}
				a, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Errorf("%s %s: %v", method, name, err)
					continue
				}
				answer, _ := io.ReadAll(a.Body)
				a.Body.Close()
				if a.StatusCode >= 500 || a.StatusCode >= 400 && !bytes.HasPrefix(answer, []byte(`{"error":"`)) && a.StatusCode != 404 {
					t.Errorf("%s %s %.40q: got %d %.100q", method, name, body, a.StatusCode, answer)
				}
			}
		}()
	}
	wait.Wait()
	for range 20 { // clients that send half a request and go
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "POST /api/v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n{")
		defer c.Close()
	}
	if status, _ := do(t, request(t, "GET", s.URL+"/api/v1/about", "")); status != 200 {
		t.Errorf("after them the page answers %d", status)
	}
	runtime.GC()
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > 100<<20 {
		t.Errorf("%d bytes are in use after the requests", m.HeapAlloc)
	}
}

// TestSlowFollower: a page that does not read does not delay the run.
func TestSlowFollower(t *testing.T) {
	h := page.NewHistory()
	s := serve(t, page.Page{History: h})
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", strings.TrimPrefix(s.URL, "http://"))
	for !h.Followed() {
		time.Sleep(time.Millisecond)
	}
	for step := range 20000 {
		h.Step(train.Report{Step: step + 1}, nil)
		h.Sample(step, strings.Repeat("x", 1000))
	}
}

// TestManyFollowers: 50 pages follow one run to its end, and the log gives the time of a step with and without them.
func TestManyFollowers(t *testing.T) {
	const steps = 2000
	h := page.NewHistory()
	s := serve(t, page.Page{History: h})
	run := func() time.Duration {
		begin := time.Now()
		for step := range steps {
			h.Step(train.Report{Step: step + 1, Loss: 1, Tokens: 768, Elapsed: time.Millisecond}, nil)
		}
		return time.Since(begin) / steps
	}
	alone := run()
	var wait, open sync.WaitGroup
	for range 50 {
		wait.Add(1)
		open.Add(1)
		go func() {
			defer wait.Done()
			a, err := http.Get(s.URL + "/api/v1/events")
			if err != nil {
				t.Error(err)
				open.Done()
				return
			}
			defer a.Body.Close()
			lines := bufio.NewScanner(a.Body)
			lines.Scan() // the greeting has been sent when the page follows, or will in a moment
			time.Sleep(50 * time.Millisecond)
			open.Done()
			for lines.Scan() {
				if lines.Text() == "event: end" {
					return
				}
			}
			t.Error("a page missed the end of the run")
		}()
	}
	open.Wait()
	with := run()
	h.End()
	wait.Wait()
	t.Logf("a step costs %v alone and %v with 50 pages", alone, with)
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
