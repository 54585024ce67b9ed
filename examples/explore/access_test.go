package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// roles are the roles of Chromium's accessibility tree that need a name, and whether the page has an element of each.
var roles = map[string]bool{
	"application": true, "button": true, "checkbox": true, "combobox": true, "image": true, "link": true, "region": true, "searchbox": true,
	"slider": true, "textbox": true, "navigation": true, "dialog": true, "spinbutton": false, "radio": false, "listbox": false,
}

// focusable selects the elements that the Tab key reaches.
const focusable = `[...document.querySelectorAll("a[href], button:not(:disabled), input, select, textarea, summary, [tabindex='0']")].filter((e) => e.tabIndex >= 0 && e.checkVisibility())`

// pale lists the texts whose contrast with their ground is below 4.5, as WCAG 2.2 computes it. Faint elements are inactive.
const pale = `(() => {
	const numbers = (c) => { const v = c.match(/[\d.e-]+/g).map(Number); return c.startsWith("color(") ? [...v.slice(0, 3).map((x) => 255 * x), v[3] ?? 1] : [v[0], v[1], v[2], v[3] ?? 1]; };
	const luminance = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
	const over = (a, b) => a.slice(0, 3).map((v, i) => v * a[3] + b[i] * (1 - a[3]));
	const ground = (e) => { if (!e) return [255, 255, 255]; const c = numbers(getComputedStyle(e).backgroundColor); return c[3] === 1 ? c : over(c, ground(e.parentElement)); };
	const bad = new Map();
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({ contentVisibilityAuto: false }) || e.closest("noscript, :disabled, .skip, option")) continue;
		let faint = false;
		for (let up = e; up; up = up.parentElement) faint ||= Number(getComputedStyle(up).opacity) < 1;
		if (faint) continue;
		const back = ground(e), [a, b] = [luminance(over(numbers(getComputedStyle(e).color), back)), luminance(back)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) bad.set(e.tagName + "." + e.className, ratio.toFixed(2) + " " + e.textContent.slice(0, 20));
	}
	return [...bad].map((x) => x.join(": "));
})()`

// TestAccess reads the page as a screen reader does: every control and picture has a name, the focus is visible, and texts have contrast.
func TestAccess(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser and trains a model")
	}
	t.Parallel()
	b := open(t, trained(t).URL, "ko", 1100, 900)
	b.until(waitForEnd)
	b.run(`document.querySelector("#heads button").click(); document.getElementById("map-show").click(); document.querySelector("#own-tokens .token").click(); document.getElementById("tour-start").click()`)
	b.until(`["#numbers tr", "#map", "#pair-with", "#tour", "#loss", "#graph-tree summary"].every((e) => document.querySelector(e))`)

	found := map[string]int{}
	for _, n := range tree(b) {
		role := text(n.Role)
		if _, wanted := roles[role]; n.Ignored || !wanted {
			continue
		}
		found[role]++
		if strings.TrimSpace(text(n.Name)) == "" {
			t.Errorf("a %s has no name (node %d)", role, n.BackendDOMNodeID)
		}
	}
	for role, must := range roles {
		if must && found[role] == 0 {
			t.Errorf("the page has no %s: %v", role, found)
		}
	}
	if hidden := value[[]string](b, focusable+`.filter((e) => { e.focus({focusVisible: true}); const s = getComputedStyle(e); return document.activeElement !== e || s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2; }).map((e) => e.outerHTML.slice(0, 100))`); len(hidden) > 0 {
		t.Errorf("%d elements do not show the focus: %q", len(hidden), hidden[:min(5, len(hidden))])
	}
	for _, scheme := range []string{"light", "dark"} {
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
			return err
		}))
		if bad := value[[]string](b, pale); len(bad) > 0 {
			t.Errorf("%s: texts with a contrast below 4.5: %q", scheme, bad)
		}
	}
}

// tree returns the accessibility tree of a page.
func tree(b *browser) (nodes []*accessibility.Node) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		r, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		nodes = r.Nodes
		return err
	}))
	return nodes
}

// text returns a value of the accessibility tree that is a text.
func text(v *accessibility.Value) (s string) {
	if v != nil {
		json.Unmarshal(v.Value, &s) // another value has no text
	}
	return s
}
