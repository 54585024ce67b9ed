package page_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

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
		defer c.Close()
		fmt.Fprintf(c, "POST /api/v1/read HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n{", strings.TrimPrefix(s.URL, "http://"))
	}
	if status, _ := do(t, request(t, "POST", s.URL+"/api/v1/read", `{"text":"a"}`)); status != 200 {
		t.Errorf("after them the page answers %d", status)
	}
	if n := inUse(); n > 100<<20 {
		t.Errorf("%d bytes are in use after the requests", n)
	}
}

// inUse returns the bytes of the heap that are in use.
func inUse() uint64 {
	for range 2 { // the first leaves the buffers of encoding/json
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// large is an Inside whose texts have answers of 16 MB.
type large struct{ fake }

func (large) Tokens(string) (*page.Tokens, error) {
	return &page.Tokens{Cuts: []page.Cut{{Name: strings.Repeat("x", 16<<20)}}}, nil
}

// send opens a connection, writes a request, and never reads.
func send(t *testing.T, s *page.Server, format string, args ...any) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, format, args...)
	return c
}

// TestSlowReaders: clients that never read their answers keep no one waiting, and hold a bounded memory.
func TestSlowReaders(t *testing.T) {
	s := serve(t, page.Page{Inside: large{}})
	host, before := strings.TrimPrefix(s.URL, "http://"), inUse()
	for range 12 {
		send(t, s, "POST /api/v1/tokens HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n{}", host)
	}
	for range 5 {
		if status, body := do(t, request(t, "POST", s.URL+"/api/v1/read", `{"text":"a"}`)); status != 200 {
			t.Errorf("with slow readers a question is answered by %d %s", status, body)
		}
	}
	if n := inUse(); n > before+200<<20 {
		t.Errorf("%d bytes are in use, %d before the slow readers", n, before)
	}
}

// TestDeafFollowers: pages that follow a run and never read are bounded in number and memory, delay nothing, and their places are free again
// when they leave.
func TestDeafFollowers(t *testing.T) {
	h := page.NewHistory()
	s := serve(t, page.Page{History: h})
	host, before := strings.TrimPrefix(s.URL, "http://"), inUse()
	var all []net.Conn
	for range 250 {
		all = append(all, send(t, s, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", host))
	}
	refused := 0
	for _, c := range all {
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "503") {
			refused++
		}
	}
	if refused != 50 {
		t.Errorf("%d of 250 followers are refused, want 50", refused)
	}
	for step := range 3000 {
		h.Step(train.Report{Step: step + 1}, nil)
		if step%10 == 0 {
			h.Sample(step, strings.Repeat("x", 2000))
		}
	}
	if n := inUse(); n > before+50<<20 {
		t.Errorf("%d bytes are in use, %d before the followers", n, before)
	}
	for _, c := range all {
		c.Close()
	}
	for range 1000 {
		a, err := http.Get(s.URL + "/api/v1/events")
		if err != nil {
			t.Fatal(err)
		}
		a.Body.Close()
		if a.StatusCode == 200 {
			return
		}
		h.Step(train.Report{Step: 4000}, nil) // the server finds out that a follower has left
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the places of followers that left are not free")
}

// TestLongAddresses: a query string or a header of a megabyte is refused.
func TestLongAddresses(t *testing.T) {
	s := serve(t, page.Page{Inside: fake{}})
	host, long := strings.TrimPrefix(s.URL, "http://"), strings.Repeat("9", 1<<20)
	for name, head := range map[string]string{
		"query":  "GET /api/v1/map?step=" + long + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"path":   "GET /" + long + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"header": "GET / HTTP/1.1\r\nHost: " + host + "\r\nCookie: " + long + "\r\n\r\n",
	} {
		c := send(t, s, "")
		go io.WriteString(c, head) // the server closes the connection before its end
		line, err := bufio.NewReader(c).ReadString('\n')
		if err == nil && !strings.Contains(line, "431") {
			t.Errorf("%s: got %q, want 431", name, line)
		}
	}
	if status, body := do(t, request(t, "GET", s.URL+"/api/v1/map?step="+long[:8000], "")); status != 400 || len(body) > 300 {
		t.Errorf("a query of 8,000 digits: got %d and %d bytes", status, len(body))
	}
}
