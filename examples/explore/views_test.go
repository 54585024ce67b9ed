package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/gorgoformer/gorgoformer/train/report/page"
)

const sentence = "The rays of light are bent"

// TestViews uses the smaller parts of the sections, such as search and min-p, and compares them with the model.
func TestViews(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	t.Parallel()
	m := trained(t)
	b := open(t, m.URL, "en", 1300, 1000)
	b.until(waitForEnd)
	b.write("text", sentence)
	q := page.Question{Text: sentence, Step: -1}

	t.Run("cuts", func(t *testing.T) { cutsView(t, b, m) })
	t.Run("pair", func(t *testing.T) { pairView(t, b, m) })
	t.Run("map", func(t *testing.T) { mapView(t, b) })
	t.Run("sums", func(t *testing.T) { sumsView(t, b, m, q) })
	t.Run("min-p", func(t *testing.T) {
		b.slide("minP", 0.05)
		next, err := m.Next(page.NextQuestion{Question: q, Place: -1, Temperature: 1, MinP: 0.05})
		b.shows(next, err)
		b.until(fmt.Sprintf(`document.querySelector("#section-next .readout").textContent.includes(" %d tokens may be drawn")`, next.Kept))
	})
	t.Run("find", func(t *testing.T) {
		b.do(chromedp.Focus("#graph-tree summary"))
		b.press("f", chromedp.ModifierCtrl)
		b.until(`document.activeElement.id === "path-search"`)
		b.do(chromedp.KeyEvent("c_attn"))
		b.until(`document.querySelector('#graph-tree .hit[data-path="h.*.attn.c_attn"] > summary')?.checkVisibility() === true`)
	})
	t.Run("graph", func(t *testing.T) { graphView(t, b, m) })
	t.Run("heat maps", func(t *testing.T) {
		got := value[[]string](b, heatMaps)
		if len(got) != 2 || !strings.Contains(got[0], "Gradient norm") || !strings.Contains(got[1], "Update over weight") {
			t.Errorf("heat maps %q, want the gradient norm and the update over the weight", got)
		}
	})
	t.Run("play", func(t *testing.T) {
		last := value[int](b, `Number(document.getElementById("step").max)`)
		b.write("step", fmt.Sprint(last-1))
		b.do(chromedp.Click("#play"))
		b.until(fmt.Sprintf(`document.getElementById("step").value === "%d" && document.getElementById("play").getAttribute("aria-pressed") === "false"`, last))
	})
}

// heatMaps lists the labels of the heat maps of the training.
const heatMaps = `[...document.querySelectorAll("#section-training .strip canvas")].map((c) => c.getAttribute("aria-label"))`

// cutsView compares the numbers of the ways of cutting.
func cutsView(t *testing.T, b *browser, m *demoPage) {
	want, err := m.Tokens(sentence)
	if err != nil {
		t.Fatal(err)
	}
	b.until(fmt.Sprintf(`document.querySelectorAll("#cuts li").length === %d`, len(want.Cuts)))
	got := value[[][]string](b, `[...document.querySelectorAll("#cuts li")].map((li) => [...li.querySelectorAll("dd")].map((d) => d.textContent.replace(",", "")))`)
	if len(want.Cuts) != 5 {
		t.Errorf("%d ways of cutting, want the model's, characters, words and two sizes of subwords", len(want.Cuts))
	}
	for i, c := range want.Cuts {
		if w := []string{fmt.Sprint(c.Vocabulary), fmt.Sprint(c.Count), fmt.Sprint(c.Unknown), fmt.Sprintf("%.2f", float64(c.Count)/float64(c.Words))}; fmt.Sprint(got[i]) != fmt.Sprint(w) {
			t.Errorf("%s: got %v, want %v", c.Name, got[i], w)
		}
	}
}

// pairView compares two tokens of the text.
func pairView(t *testing.T, b *browser, m *demoPage) {
	ids, err := m.Tokenizer.Encode(sentence)
	if err != nil {
		t.Fatal(err)
	}
	b.run(`document.querySelector("#own-tokens .token").click()`)
	b.until(fmt.Sprintf(`[...document.querySelectorAll("#pair-with option")].some((o) => o.value === "%d")`, ids[1]))
	b.run(`const e = document.getElementById("pair-with"); e.value = "%d"; e.dispatchEvent(new Event("change"))`, ids[1])
	want, err := m.Words(page.WordsQuestion{ID: ids[0], Other: ids[1], Step: -1, Nearest: 1})
	if err != nil {
		t.Fatal(err)
	}
	shown := strings.ReplaceAll(fmt.Sprintf("cos = %.4f", want.Cosine), "-", "−")
	b.until(fmt.Sprintf(`document.querySelector("#pair .readout")?.textContent === %q`, shown))
}

// mapView drags the map, and marks tokens by a search.
func mapView(t *testing.T, b *browser) {
	b.run(`document.getElementById("map-show").click()`)
	b.until(`document.getElementById("map") !== null`)
	const picture = `document.getElementById("map").toDataURL().length + document.getElementById("map").toDataURL().slice(-2000)`
	before := value[string](b, picture)
	b.run(`const e = document.getElementById("word-search"); e.value = "ing"; e.dispatchEvent(new Event("input"))`)
	b.until(fmt.Sprintf(`%s !== %q`, picture, before))
	b.run(`document.getElementById("map").scrollIntoView({block: "center"})`)
	at := value[[]float64](b, `(({x, y}) => [x + 100, y + 100])(document.getElementById("map").getBoundingClientRect())`)
	before = value[string](b, picture)
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for _, e := range []input.DispatchMouseEventParams{
			{Type: input.DispatchMouseEventTypeMousePressed, X: at[0], Button: input.MouseButtonLeft, Buttons: 1, ClickCount: 1},
			{Type: input.DispatchMouseEventTypeMouseMoved, X: at[0] + 60, Buttons: 1},
			{Type: input.DispatchMouseEventTypeMouseReleased, X: at[0] + 60, Button: input.MouseButtonLeft, ClickCount: 1},
		} {
			e.Y = at[1]
			if _, err := cdp.Call(ctx, t, input.DispatchMouseEvent, e); err != nil {
				return err
			}
		}
		return nil
	}))
	b.until(fmt.Sprintf(`%s !== %q`, picture, before))
	if value[string](b, `document.getElementById("map").dataset.dragged`) != "1" {
		t.Error("a drag counts as a click")
	}
}

// sumsView compares the output of a head.
func sumsView(t *testing.T, b *browser, m *demoPage, q page.Question) {
	b.run(`document.querySelectorAll("#heads .cells")[1].children[2].click()`)
	b.until(`document.querySelector("#numbers tfoot td") !== null && document.querySelector("#heads button[aria-pressed=true]") !== null`)
	path, _, _ := strings.Cut(value[string](b, `document.querySelector("#heads button[aria-pressed=true]").getAttribute("aria-label")`), ",")
	h, err := m.Head(page.HeadQuestion{Question: q, Path: path, Head: 2})
	if err != nil {
		t.Fatal(err)
	}
	p, want := h.Probabilities, make([]float64, h.Value.Cols)
	for j := range p.Cols {
		for c := range want {
			want[c] += float64(p.Values[(p.Rows-1)*p.Cols+j]) * float64(h.Value.Values[j*h.Value.Cols+c])
		}
	}
	got := value[[]float64](b, `document.querySelector("#numbers tfoot td:last-child").title.replaceAll("−", "-").split(" ").map(Number)`)
	for c := range want {
		if len(got) != len(want) || math.Abs(got[c]-want[c]) > 1e-4 { // four digits are shown
			t.Fatalf("the head's output is %v, want %v", got, want)
		}
	}
}

// press presses a key with modifiers.
func (b *browser) press(key string, modifiers chromedp.Modifier) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(key, chromedp.KeyModifiers(modifiers)))
}
