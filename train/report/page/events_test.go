package page_test

import (
	"bufio"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

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
