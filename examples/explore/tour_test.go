package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// TestTour takes the whole tour by keyboard. In Korean it reads only the first stop by default: the others differ in their words alone.
func TestTour(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	t.Parallel()
	s := trained(t)
	for language, want := range map[string]string{"en": "Everything begins", "ko": "모든 것은"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
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
			if language == "ko" && !sweep.All() {
				return
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
	t.Parallel()
	s := trained(t)
	b := open(t, s.URL, "ko", 360, 900)
	b.until(waitForEnd)
	for _, width := range []int{360, 800, 2000, 360} {
		b.do(chromedp.EmulateViewport(int64(width), 900))
		b.until(fmt.Sprintf(`innerWidth === %d`, width))
		if wide := value[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("at a width of %d the page is %d pixels wider than the screen", width, wide)
		}
		if unnamed := value[[]string](b, `[...document.querySelectorAll("button, input, select, textarea, canvas:not([aria-hidden])")].filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML.slice(0, 100))`); len(unnamed) > 0 {
			t.Errorf("elements without a name: %q", unnamed)
		}
	}
}
