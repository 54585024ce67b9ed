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
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// watchedRun is a run that the benchmark trains a few steps at a time.
type watchedRun struct {
	*gptRun
	url  string
	next func() (train.Report, error, bool)
	used time.Duration // of CPU, by this process
	n    int           // steps
}

// BenchmarkWatch trains the model of examples/gpt in turn without a page, with a page that is closed, with one that is open in Chromium,
// and with 50 pages of another process. It reports the CPU time of a step of this process, which trains and answers, and its growth.
//
//	go test ./examples/explore -run '^$' -bench Watch -benchtime 4x
func BenchmarkWatch(b *testing.B) {
	const chunk = 100 // steps between evaluations, with their checkpoint and a rest for the pages
	book, err := goroot.Opticks()
	if err != nil {
		b.Skip(err)
	}
	names := []string{"none", "closed", "open", "fifty"}
	runs := map[string]*watchedRun{}
	for _, name := range names {
		runs[name] = startWatched(b, book, name, chunk)
	}
	if chromium.Do(func() { chromium.ctx, chromium.err = start() }); chromium.ctx == nil || chromium.err != nil {
		b.Skipf("no browser: %v", chromium.err)
	}
	if err := chromedp.Do(chromium.ctx, chromedp.EmulateViewport(1300, 1000), chromedp.Navigate(runs["open"].url)); err != nil {
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
