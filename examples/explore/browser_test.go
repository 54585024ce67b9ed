package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// browser is a page in a real browser. At the end of the test it must have had no error and no request to elsewhere.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// watcher collects the errors of a page.
const watcher = `window.faults = [];
	for (const name of ["error", "warn"]) console[name] = (...args) => window.faults.push("console: " + args.join(" "));
	addEventListener("error", (e) => window.faults.push("error: " + e.message), true);
	addEventListener("unhandledrejection", (e) => window.faults.push("rejection: " + e.reason));
	addEventListener("securitypolicyviolation", (e) => window.faults.push("policy: " + e.violatedDirective + " " + e.blockedURI));
	setInterval(() => performance.setResourceTimingBufferSize(100000), 1000);`

// requests lists the page's requests to elsewhere, and those that failed.
const requests = `performance.getEntriesByType("resource").filter((e) => !e.name.startsWith(location.origin) || e.responseStatus >= 400).map((e) => e.responseStatus + " " + e.name)`

// chromium runs in each language, started when a test first needs it. "" means that there is none.
var chromium = struct {
	sync.Mutex
	contexts map[string]context.Context
	stops    []context.CancelFunc
}{contexts: map[string]context.Context{}}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, stop := range slices.Backward(chromium.stops) {
		stop()
	}
	os.Exit(code)
}

// inLanguage returns the browser of a language. Without one the test is skipped.
func inLanguage(t *testing.T, language string) context.Context {
	t.Helper()
	chromium.Lock()
	defer chromium.Unlock()
	if ctx, ok := chromium.contexts[language]; ok {
		return ctx
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium, chromium-browser or google-chrome in PATH")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.Flag("lang", language), chromedp.Flag("accept-lang", language))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	chromium.stops = append(chromium.stops, stop)
	ctx, stop = chromedp.NewContext(ctx)
	chromium.stops = append(chromium.stops, stop)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	chromium.contexts[language] = ctx
	return ctx
}

// open opens a page in a new tab. Without a browser the test is skipped.
func open(t *testing.T, url, language string, width, height int) *browser {
	t.Helper()
	ctx, cancel := chromedp.NewContext(inLanguage(t, language))
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx}
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
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

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	for range 1200 {
		if value[bool](b, expression) {
			return
		}
		time.Sleep(50 * time.Millisecond)
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

// slide moves a slider that asks its own question.
func (b *browser) slide(id string, v float64) {
	b.t.Helper()
	b.run(`const e = document.getElementById(%q); e.value = %g; e.dispatchEvent(new Event("input", {bubbles: true}));`, id, v)
}

// demo is a short demonstration with its page, which several tests look at. It ends with the process.
var demo30 = sync.OnceValues(func() (*demoPage, error) {
	m, history, learn, err := demonstration(30, page.NewHistory())
	if err != nil {
		return nil, err
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: m, History: history})
	if err != nil {
		return nil, err
	}
	d := &demoPage{Model: m, Server: s, failed: make(chan error, 1)}
	go func() { d.failed <- learn(make(chan struct{})) }()
	return d, nil
})

type demoPage struct {
	*inside.Model
	*page.Server
	failed chan error
}

// trained returns the demonstration.
func trained(t *testing.T) *demoPage {
	t.Helper()
	d, err := demo30()
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

// TestPage uses the page as a reader does: a text, a head, the temperature, a checkpoint, a batch.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	s := trained(t)
	m := s.Model
	b := open(t, s.URL, "en", 1300, 1000)
	b.until(waitForEnd)

	t.Run("tokens", func(t *testing.T) {
		text := "빛은 light 👩‍👩‍👧"
		b.write("text", text)
		want, err := m.Tokenizer.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		got := value[[]int32](b, `[...document.querySelectorAll("#own-tokens .token small")].flatMap((e) => e.textContent.split(" ").map(Number))`)
		if !slices.Equal(got, want) {
			t.Errorf("got ids %v, want %v", got, want)
		}
		if n := value[int](b, `document.querySelectorAll("#own-tokens .token").length`); n != 6 {
			t.Errorf("%d spans, want 6: 빛, 은, two of light, a space, a family", n)
		}
	})
	b.write("text", "The rays of light are bent")
	t.Run("head", func(t *testing.T) {
		b.do(chromedp.Click(`#heads .cells:nth-of-type(2) button:nth-of-type(3)`))
		b.until(`document.querySelector("#numbers tbody tr") !== null`)
		got := value[[]float64](b, `[...document.querySelectorAll("#numbers tbody tr")].map((r) => Number(r.children[4].textContent))`)
		pressed := value[string](b, `document.querySelector("#heads button[aria-pressed=true]").getAttribute("aria-label")`)
		path, head, _ := strings.Cut(pressed, ", head ")
		n, err := strconv.Atoi(head)
		if err != nil {
			t.Fatal(pressed)
		}
		h, err := m.Head(page.HeadQuestion{Question: page.Question{Text: "The rays of light are bent", Step: -1}, Path: path, Head: n})
		if err != nil {
			t.Fatal(err)
		}
		p, sum := h.Probabilities, 0.0
		for i, v := range got {
			sum += v
			if want := float64(p.Values[(p.Rows-1)*p.Cols+i]); math.Abs(v-want) > 6e-5 {
				t.Errorf("key %d: got probability %g, want %g", i, v, want)
			}
		}
		if len(got) != p.Cols || math.Abs(sum-1) > 1e-3 {
			t.Errorf("%d probabilities sum to %g, want %d and 1", len(got), sum, p.Cols)
		}
	})
	t.Run("temperature", func(t *testing.T) {
		b.until(`document.querySelectorAll("#bars .bar-row").length > 0`)
		b.slide("temperature", 0.5)
		q := page.NextQuestion{Question: page.Question{Text: "The rays of light are bent", Step: -1}, Place: -1, Temperature: 0.5}
		next, err := m.Next(q)
		if err != nil {
			t.Fatal(err)
		}
		var want []float64
		for _, c := range next.Choices[:20] {
			want = append(want, c.Probability)
		}
		numbers, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		b.until(fmt.Sprintf(`[...document.querySelectorAll("#bars .bar-row")].map((r) => Number(r.dataset.p)).join() === %s.join()`, numbers))
	})
	t.Run("checkpoint", func(t *testing.T) {
		bars := `[...document.querySelectorAll("#bars .bar-row .number")].map((r) => r.textContent).join()`
		newest := value[string](b, bars)
		b.write("step", "0")
		b.until(fmt.Sprintf(`%s !== %q`, bars, newest))
		if got := value[string](b, `document.getElementById("step-value").textContent`); got != "0" {
			t.Errorf("the slider says %q, want step 0", got)
		}
		b.write("step", value[string](b, `document.getElementById("step").max`))
		b.until(fmt.Sprintf(`%s === %q`, bars, newest))
	})
	t.Run("batch", func(t *testing.T) {
		b.do(chromedp.ScrollIntoView("#loss"), chromedp.Click("#loss"))
		b.until(`document.querySelectorAll("#batch .token").length > 0`)
		first := value[string](b, `document.querySelector("#batch h3").textContent`)
		var step, weights int
		if _, err := fmt.Sscanf(first, "The texts of step %d, with the loss of each token (weights after step %d)", &step, &weights); err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		want, err := m.Batch(step)
		if err != nil {
			t.Fatal(err)
		}
		got := value[string](b, `[...document.querySelector("#batch p").children].map((e) => e.textContent).join("|")`)
		if n := strings.Count(got, "|") + 1; n != len(want.Texts[0]) || want.Weights != weights {
			t.Errorf("%d tokens after step %d, want %d after step %d", n, weights, len(want.Texts[0]), want.Weights)
		}
	})
	t.Run("choose", func(t *testing.T) {
		before := value[string](b, `document.getElementById("text").value`)
		b.do(chromedp.Click("#bars .bar-row"))
		b.until(fmt.Sprintf(`document.getElementById("text").value.length > %d`, len(before)))
	})
	t.Run("html", func(t *testing.T) {
		b.write("text", `<img src=x onerror="window.broken=1"><script>window.broken=1</script>`)
		if value[bool](b, `window.broken === 1 || document.querySelector("main img, main script") !== null`) {
			t.Error("a text became HTML")
		}
	})
}

// TestTour takes the whole tour by keyboard, in both languages.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	s := trained(t)
	for language, want := range map[string]string{"en": "Everything begins", "ko": "모든 것은"} {
		t.Run(language, func(t *testing.T) {
			b := open(t, s.URL, language, 1100, 900)
			b.until(waitForEnd)
			if got := value[string](b, `document.documentElement.lang`); got != language {
				t.Fatalf("the page is in %q, want %q", got, language)
			}
			b.do(chromedp.Focus("#tour-start"), chromedp.KeyEvent(kb.Enter))
			b.until(`document.getElementById("tour") !== null`)
			if got := value[string](b, `document.getElementById("tour-text").textContent`); !strings.Contains(got, want) {
				t.Errorf("the tour begins with %q", got)
			}
			stops := map[string]bool{}
			for range 30 {
				stop := value[string](b, `document.getElementById("tour")?.dataset.stop || ""`)
				if stop == "" {
					break
				}
				stops[stop] = true
				if !value[bool](b, `document.activeElement.id === "tour-next"`) {
					t.Errorf("%s: the focus is not on the next stop", stop)
				}
				if !value[bool](b, `document.querySelector(".spot") !== null`) {
					t.Errorf("%s: no element is marked", stop)
				}
				b.do(chromedp.KeyEvent(kb.Enter))
				b.until(fmt.Sprintf(`document.getElementById("tour")?.dataset.stop !== %q`, stop))
			}
			if len(stops) < 15 {
				t.Errorf("the tour has %d stops, want at least 15: %v", len(stops), stops)
			}
			if !value[bool](b, `document.activeElement.id === "tour-start"`) {
				t.Error("after the tour the focus is not where it began")
			}
		})
	}
}

// TestWidths: nothing is wider than the screen, from a phone to a wall.
func TestWidths(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	s := trained(t)
	for _, width := range []int{360, 800, 2000} {
		b := open(t, s.URL, "ko", width, 900)
		b.until(waitForEnd)
		if wide := value[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("at a width of %d the page is %d pixels wider than the screen", width, wide)
		}
		if unnamed := value[[]string](b, `[...document.querySelectorAll("button, input, select, textarea, canvas:not([aria-hidden])")].filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 100))`); len(unnamed) > 0 {
			t.Errorf("elements without a name: %q", unnamed)
		}
	}
}
