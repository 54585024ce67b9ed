package main

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// traceEvent is an event of Chromium's trace. Times are in microseconds.
type traceEvent struct {
	Name     string `json:"name"`
	Thread   int    `json:"tid"`
	Process  int    `json:"pid"`
	Start    int    `json:"ts"`
	Duration int    `json:"dur"`  // by the clock
	Used     int    `json:"tdur"` // processor time of the thread
	Args     struct {
		Name string `json:"name"`
	} `json:"args"`
}

// traced returns the events of Chromium while f runs.
func (b *browser) traced(f func()) (all []traceEvent) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	b.do(chromedp.Func(func(_ context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{
			IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "__metadata"}, ExcludedCategories: []string{"*"},
		}})
		return err
	}))
	f()
	b.do(chromedp.Func(func(_ context.Context, t *chromedp.Target) error {
		events, ended := cdp.Events(ctx, t, tracing.DataCollected), cdp.Events(ctx, t, tracing.TracingComplete)
		if _, err := cdp.Call(ctx, t, tracing.End, cdp.Empty{}); err != nil {
			return err
		}
		done, stop := context.WithCancel(ctx)
		go func() {
			for range ended {
				time.Sleep(time.Second) // the last buckets are on their way
				break
			}
			stop()
		}()
		bucket := make(chan tracing.EventDataCollected, 1000)
		go func() {
			for e, err := range events {
				if err != nil {
					return
				}
				bucket <- e
			}
		}()
		for {
			select {
			case e := <-bucket:
				for _, raw := range e.Value {
					var event traceEvent
					if json.Unmarshal(raw, &event) == nil { // events of other forms are no tasks
						all = append(all, event)
					}
				}
			case <-done.Done():
				return ctx.Err()
			}
		}
	}))
	return all
}

// longest returns the longest task of the pages' main threads in milliseconds of processor time, and its parts.
func longest(all []traceEvent) (ms float64, parts []traceEvent) {
	main := map[[2]int]bool{}
	for _, e := range all {
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[[2]int{e.Process, e.Thread}] = true
		}
	}
	var task traceEvent
	for _, e := range all {
		if main[[2]int{e.Process, e.Thread}] && e.Name == "ThreadControllerImpl::RunTask" && e.Used > task.Used {
			task = e
		}
	}
	for _, e := range all {
		if e.Process == task.Process && e.Thread == task.Thread && e.Start >= task.Start && e.Start < task.Start+task.Duration && e.Used > 2000 {
			parts = append(parts, e)
		}
	}
	return float64(task.Used) / 1e3, parts
}

// BenchmarkTasks types in a text of 512 tokens, opens a head and moves through its queries. It reports the longest task of the page in each,
// in processor time: a busy machine does not change it. With -v it lists the parts of the task.
//
//	go test ./examples/explore -run '^$' -bench Tasks -benchtime 3x
func BenchmarkTasks(b *testing.B) {
	m, err := inside.Open(saved(b, func(v int) models.Model { return models.GPT{Vocab: v, Context: 512, Layers: 4, Heads: 4, Dim: 128} }))
	if err != nil {
		b.Fatal(err)
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: m})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	p := open(b, s.URL, "en", 1300, 1000)
	text := longText(m, 512)
	short := text[:len(text)-len("prism ")]
	p.write("text", short)
	p.until(`document.querySelectorAll("#bars .bar-row").length > 0`)
	p.run(`document.querySelectorAll("#heads .cells")[2].children[1].click()`)
	p.until(`document.querySelectorAll("#numbers tbody tr").length > 0`)
	worst := map[string]float64{}
	note := func(name string, f func()) {
		ms, parts := longest(p.traced(f))
		worst[name] = max(worst[name], ms)
		for _, e := range parts {
			b.Logf("%s: %6.1f ms of %s", name, float64(e.Used)/1e3, e.Name)
		}
	}
	settle := func() { time.Sleep(500 * time.Millisecond) } // pictures are drawn later
	for b.Loop() {
		note("typing", func() { p.write("text", text); settle() })
		note("head", func() {
			p.run(`document.querySelectorAll("#heads .cells")[3].children[1].click()`)
			p.until(`document.querySelector("#head h3").textContent.startsWith("h.3")`)
			settle()
		})
		note("keys", func() {
			p.run(`for (let i = 0; i < 5; i++) setTimeout(() => { document.getElementById("matrix").dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp"})); window.pressed = i; }, 100 * i)`)
			p.until(`window.pressed === 4`)
			settle()
		})
		p.run(`document.querySelectorAll("#heads .cells")[2].children[1].click()`)
		p.write("text", short)
	}
	for name, ms := range worst {
		b.ReportMetric(ms, name+"-cpu-ms")
	}
	b.ReportMetric(0, "ns/op")
}
