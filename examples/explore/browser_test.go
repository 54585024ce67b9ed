package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/quick"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// browser is a page in a real browser. At the end of the test it must have had no error and no request to elsewhere.
type browser struct {
	t   testing.TB
	ctx context.Context
}

// watcher collects the errors of a page.
const watcher = `window.faults = [];
	for (const name of ["error", "warn"]) console[name] = (...args) => window.faults.push("console: " + args.join(" "));
	addEventListener("error", (e) => window.faults.push("error: " + (e.error?.stack || e.message)), true);
	addEventListener("unhandledrejection", (e) => window.faults.push("rejection: " + e.reason));
	addEventListener("securitypolicyviolation", (e) => window.faults.push("policy: " + e.violatedDirective + " " + e.blockedURI));
	setInterval(() => performance.setResourceTimingBufferSize(100000), 1000);`

// requests lists the page's requests to elsewhere, and those that failed.
const requests = `performance.getEntriesByType("resource").filter((e) => !e.name.startsWith(location.origin) || e.responseStatus >= 400).map((e) => e.responseStatus + " " + e.name)`

// chromium is one browser for all tests, started when a test first needs it.
var chromium = struct {
	sync.Once
	ctx   context.Context // nil without a browser
	stops []context.CancelFunc
	err   error
}{}

func TestMain(m *testing.M) {
	if dir := os.Getenv(trainIn); dir != "" { // this is the other process of TestLiveRun
		if err := trainRun(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if pages := os.Getenv(openPages); pages != "" { // this is the other process of BenchmarkWatch
		follow(pages)
		return
	}
	code := quick.Main(m)
	for _, stop := range slices.Backward(chromium.stops) {
		stop()
	}
	os.Exit(code)
}

// browsers are the programs that the tests look for in PATH. The shell has no window of its own, so it takes less time.
var browsers = []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}

// unused are the features of the browser that the tests do without: the two of chromedp, pages of the browser's own window, which each
// tab would load again, and processes in reserve.
const unused = "Translate,BlinkGenPropertyTrees,PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess"

// start starts the browser.
func start() (ctx context.Context, err error) {
	for _, name := range browsers {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.Flag("disable-features", unused))
		if os.Getuid() == 0 {
			options = append(options, chromedp.NoSandbox)
		}
		ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
		chromium.stops = append(chromium.stops, stop)
		ctx, stop = chromedp.NewContext(ctx)
		chromium.stops = append(chromium.stops, stop)
		return ctx, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
	}
	return nil, nil
}

// open opens a page in a new tab of a browser whose reader prefers a language. Without a browser the test is skipped. Tests with pages
// run in parallel: they mostly wait for the browser.
func open(t testing.TB, url, language string, width, height int) *browser {
	t.Helper()
	chromium.Do(func() { chromium.ctx, chromium.err = start() })
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	if chromium.ctx == nil {
		t.Skipf("none of %q is in PATH", browsers)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "a test", AcceptLanguage: language}); err != nil {
			return err
		}
		still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
		if _, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still}); err != nil {
			return err
		}
		focused := emulation.SetFocusEmulationEnabledParams{Enabled: true} // other tabs are used at the same time
		if _, err := cdp.Call(ctx, t, emulation.SetFocusEmulationEnabled, focused); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: watcher})
		return err
	}), chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url))
	b.until(`document.querySelector("#own-tokens .token, #picture-shown") !== null`)
	t.Cleanup(func() {
		for _, f := range append(value[[]string](b, `window.faults`), value[[]string](b, requests)...) {
			t.Error(f)
		}
	})
	return b
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// value evaluates an expression of the page.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// run runs a script of the page.
func (b *browser) run(format string, args ...any) {
	b.t.Helper()
	value[bool](b, "{"+fmt.Sprintf(format, args...)+"}; true")
}

// until waits for an expression to be true. It asks often at first: most answers take a few milliseconds.
func (b *browser) until(expression string) {
	b.t.Helper()
	pause := 4 * time.Millisecond
	for slept := time.Duration(0); slept < time.Minute; slept += pause {
		if value[bool](b, expression) {
			return
		}
		time.Sleep(pause)
		pause = min(pause*3/2, 50*time.Millisecond)
	}
	b.t.Fatalf("not true after a minute: %s; the page says %q", expression, value[string](b, `document.getElementById("message").textContent`))
}

// write sets the value of a field as a person does, and waits until the page has answered.
func (b *browser) write(id, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(text) // a string has JSON
	b.run(`const e = document.getElementById(%q); e.value = %s; delete document.body.dataset.answered; e.dispatchEvent(new Event("input", {bubbles: true}));`, id, quoted)
	b.until(`document.body.dataset.answered === JSON.stringify([document.getElementById("text").value, document.getElementById("source").value, document.getElementById("step").value])`)
}

// shows waits until the bars are those of an answer.
func (b *browser) shows(next *page.Next, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	var want []float64
	for _, c := range next.Choices[:20] {
		want = append(want, c.Probability)
	}
	numbers, err := json.Marshal(want)
	if err != nil {
		b.t.Fatal(err)
	}
	b.until(fmt.Sprintf(`[...document.querySelectorAll("#bars .bar-row")].map((r) => Number(r.dataset.p)).join() === %s.join()`, numbers))
}

// slide moves a slider that asks its own question.
func (b *browser) slide(id string, v float64) {
	b.t.Helper()
	b.run(`const e = document.getElementById(%q); e.value = %g; e.dispatchEvent(new Event("input", {bubbles: true}));`, id, v)
}

// trainedOnce is a small demonstration with its page, which several tests look at. It ends with the process.
var trainedOnce = sync.OnceValues(func() (*demoPage, error) {
	shown, err := demonstration(size{words: 512, rows: 4, context: 64, layers: 2, heads: 4, dim: 32, steps: 30}, page.NewHistory())
	if err != nil {
		return nil, err
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: shown.Model, History: shown.history, Step: shown.step})
	if err != nil {
		return nil, err
	}
	d := &demoPage{Model: shown.Model, Server: s, step: shown.step, failed: make(chan error, 1)}
	go func() { d.failed <- shown.learn(make(chan struct{})) }()
	return d, nil
})

type demoPage struct {
	*inside.Model
	*page.Server
	step   *page.Step
	failed chan error
}

// trained returns the demonstration.
func trained(t *testing.T) *demoPage {
	t.Helper()
	d, err := trainedOnce()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case err := <-d.failed:
			t.Error(err)
		default:
		}
	})
	return d
}

const waitForEnd = `document.getElementById("left").textContent.includes("30단계") || document.getElementById("left").textContent.includes("ends at step 30")`
