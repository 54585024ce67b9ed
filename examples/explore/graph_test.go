package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// graphView unfolds a scope of the graph of a text and of a training step, and compares its operations. It chooses a block of memory.
func graphView(t *testing.T, b *browser, m *demoPage) {
	text, err := m.Graph()
	if err != nil {
		t.Fatal(err)
	}
	step, err := m.step.Graph(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for of, g := range map[string]*page.Graph{"graph": text, "step": step} {
		b.run(`const e = document.getElementById("graph-of"); e.value = %q; e.dispatchEvent(new Event("change"))`, of)
		b.until(fmt.Sprintf(`document.querySelector("#graph-tree .head .label").textContent === "%d operations"`, g.Steps))
		const path = "h.*.attn"
		n := scope(g.Root, path)
		if n == nil || len(n.Operations) < 2 {
			t.Fatalf("%s: the scope %s is %+v", of, path, n)
		}
		b.run(`for (let d = document.querySelector('#graph-tree [data-path="%s"]'); d.id !== "graph-tree"; d = d.parentElement) d.open = true`, path)
		rows := fmt.Sprintf(`[...document.querySelectorAll('#graph-tree [data-path="%s"] > .operation:not(.weight)')]`, path)
		b.until(fmt.Sprintf(`%s.length === %d`, rows, len(n.Operations)))
		got := value[[]string](b, rows+`.map((r) => [r.querySelector(".label").textContent, r.querySelector(".memory").textContent].join("|"))`)
		for i, o := range n.Operations {
			name, memory, _ := strings.Cut(got[i], "|")
			if want := fmt.Sprintf("%s (%s) × %d", o.Name, strings.Join(strings.Fields(strings.Trim(fmt.Sprint(o.Shape), "[]")), ", "), o.Count); name != want || o.Shared != strings.Contains(memory, "in place") {
				t.Errorf("%s: row %q, want %q, shared %t", of, got[i], want, o.Shared)
			}
		}
		b.run(`document.getElementById("plan").dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}))`)
		b.until(fmt.Sprintf(`document.querySelector("#section-graph .readout[aria-live]").textContent.includes(%s)`, quoted(g.Blocks[0].Name)))
	}
}

// scope returns the node of a path, nil if there is none.
func scope(n page.Node, path string) *page.Node {
	if n.Path == path {
		return &n
	}
	for _, p := range n.Parts {
		if found := scope(p, path); found != nil {
			return found
		}
	}
	return nil
}
