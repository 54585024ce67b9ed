package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// TestPage uses the page as a reader does: a text, a head, the temperature, a checkpoint, a batch.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	t.Parallel()
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
		b.shows(m.Next(q))
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
