//go:build unix

package main

import (
	"bytes"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// watchedRun is a run that the benchmark trains a few steps at a time.
type watchedRun struct {
	*gptRun
	url  string
	next func() (train.Report, error, bool)
	used time.Duration // of CPU, by this process
	n    int           // steps
}

// BenchmarkWatch trains the model of examples/gpt in turn without a page, with a page that is closed, with an open page in Chromium
// (without a browser, in another process), and with 50 pages of another process. It reports the CPU time of a step of this process, which trains and answers, and its growth.
//
//	go test ./examples/explore -run '^$' -bench Watch -benchtime 4x
func BenchmarkWatch(b *testing.B) {
	const chunk = 20 // steps between evaluations, each with a checkpoint and a rest for the pages; examples/gpt has 200
	book, err := goroot.Opticks()
	if err != nil {
		b.Skip(err)
	}
	names := []string{"none", "closed", "open", "fifty"}
	runs := map[string]*watchedRun{}
	for _, name := range names {
		runs[name] = startWatched(b, book, name, chunk)
	}
	chromium.Do(func() { chromium.ctx, chromium.err = start() })
	if chromium.ctx == nil {
		defer others(b, runs["open"].url, 1)()
	} else if err := chromedp.Do(chromium.ctx, chromedp.EmulateViewport(1300, 1000), chromedp.Navigate(runs["open"].url)); err != nil {
		b.Fatal(err)
	}
	before := heap()
	end := others(b, runs["fifty"].url, 50)
	defer end()
	time.Sleep(2 * time.Second)
	b.ReportMetric(float64(heap()-before)/(1<<20), "MB/50pages")
	for b.Loop() {
		for _, name := range names {
			runs[name].train(b, chunk)
		}
	}
	none := runs["none"].used.Seconds() / float64(runs["none"].n)
	for _, name := range names {
		each := runs[name].used.Seconds() / float64(runs[name].n)
		b.ReportMetric(1e3*each, name+"-ms/step")
		b.ReportMetric(100*(each/none-1), name+"-%")
	}
	b.ReportMetric(0, "ns/op")
}

// startWatched starts a run, and trains its first step.
func startWatched(b *testing.B, book, name string, chunk int) *watchedRun {
	b.Helper()
	o := &job.Options{Steps: 1_000_000, EvalEvery: chunk, EvalTokens: 5_000, Keep: 1, Out: filepath.Join(b.TempDir(), name)}
	if name != "none" {
		o.Watch = "localhost:0"
	}
	var w bytes.Buffer
	g, err := openGPT(o, defaultSize(o.Steps), book, &w)
	if err != nil {
		b.Fatal(err)
	}
	r := &watchedRun{gptRun: g, url: regexp.MustCompile(`http://[^ \n]*`).FindString(w.String())}
	var stop func()
	r.next, stop = iter.Pull2(g.setup.Trainer.Steps(g.Context(), g.setup.Batches))
	b.Cleanup(func() { stop(); g.Close() })
	return r
}

// train trains steps, evaluates, saves, and waits until the pages have read the new weights.
func (r *watchedRun) train(b *testing.B, steps int) {
	b.Helper()
	begin := cpu()
	for range steps {
		report, err, ok := r.next()
		if err != nil || !ok {
			b.Fatalf("interrupted, error %v", err)
		}
		r.Step(report)
		if r.Due() {
			r.Save(r.Evaluate())
		}
	}
	time.Sleep(1500 * time.Millisecond)
	r.used, r.n = r.used+cpu()-begin, r.n+steps
}

// others opens pages in another process.
func others(b *testing.B, url string, n int) (end func()) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprint(openPages, "=", n, " ", url))
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		in.Close()
		c.Wait()
	}
}

// cpu returns the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap returns the bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkLongText opens a text of 512 tokens in the browser, changes a word and opens a head. It reports the longest task of the page in
// each, during which it answers no one.
//
//	go test ./examples/explore -run '^$' -bench LongText -benchtime 3x
func BenchmarkLongText(b *testing.B) {
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
	p.run(`window.longest = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => window.longest = Math.max(window.longest, e.duration))).observe({entryTypes: ["longtask"]})`)
	worst := map[string]float64{}
	note := func(name string) {
		time.Sleep(300 * time.Millisecond)
		worst[name] = max(worst[name], value[float64](p, `window.longest`))
		p.run(`window.longest = 0`)
	}
	for b.Loop() {
		for _, n := range []int{128, 512} {
			p.write("text", longText(m, n))
			p.until(`document.querySelectorAll("#bars .bar-row").length > 0`)
			note(fmt.Sprint("read", n))
			p.run(`document.querySelectorAll("#heads .cells")[2].children[1].click()`)
			p.until(`document.querySelectorAll("#numbers tbody tr").length > 0`)
			note(fmt.Sprint("head", n))
			p.run(`const m = document.getElementById("matrix"); for (let i = 0; i < 5; i++) m.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowUp"}))`)
			note(fmt.Sprint("keys", n))
		}
	}
	for name, ms := range worst {
		b.ReportMetric(ms, name+"-ms")
	}
	b.ReportMetric(0, "ns/op")
}
