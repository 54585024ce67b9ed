// Section 6: the expression graph, folded by scope.
import { get } from "./api.js";
import { count, el, later, number } from "./dom.js";
import { guard } from "./main.js";
import { t } from "./words.js";

let tree, root = null, found;

function bytes(n) {
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (n < 1000) return `${n < 10 && unit !== "B" ? n.toFixed(1) : Math.round(n)} ${unit}`;
    n /= 1000;
  }
  return n.toFixed(1) + " TB";
}

function node(n, depth) {
  const figures = [n.parameters && t("figures.parameters", count(n.parameters)), n.flops && `${number(n.flops / 1e6, 2)} MFLOP`, n.seconds && `${number(1e3 * n.seconds, 3)} ms`, n.bytes && bytes(n.bytes)].filter(Boolean).join(" · ");
  const shapes = n.shapes.length === 0 ? null : el("ul", {}, n.shapes.map((s) => el("li", { class: "figures" }, `${s.name} (${s.shape.join(", ")})`)));
  return el("details", { open: depth < 1, "data-path": n.path }, el("summary", {}, n.path === "" ? t("model") : [el("span", { class: "figures" }, n.path.slice(0, -n.name.length)), n.name], " ", el("span", { class: "figures" }, figures)), shapes, n.parts.map((p) => node(p, depth + 1)));
}

function search(text) {
  let hits = 0;
  for (const d of tree.querySelectorAll("details")) {
    const hit = text !== "" && d.dataset.path.includes(text);
    d.classList.toggle("hit", hit);
    if (!hit) continue;
    hits++;
    for (let up = d.parentElement; up && up !== tree; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    if (hits === 1) d.scrollIntoView({ block: "nearest" });
  }
  found.textContent = text === "" ? "" : t("found", hits);
}

function begin(body) {
  tree = el("div", { class: "tree scroll", id: "graph-tree" });
  found = el("span", { class: "label", "aria-live": "polite" });
  const load = async () => {
    const g = root || (root = await get("graph"));
    memory.textContent = t("memory", bytes(g.memory.weights), bytes(g.memory.arena), bytes(g.memory.total));
    tree.replaceChildren(node(g.root, 0));
  };
  const memory = el("p", { class: "readout" });
  body.replaceChildren(el("div", { class: "row" }, el("label", { for: "path-search" }, t("findPath")), el("input", { type: "search", id: "path-search", oninput: later((e) => search(e.target.value), 150) }), found), memory, tree);
  guard(load);
}

export const graph = { name: "graph", begin, wanted: (about) => about.kind !== "none" };
