// Section 6: the expression graph, folded by scope.
import { get } from "./api.js";
import { amount, count, el, later, number } from "./dom.js";
import { guard } from "./main.js";
import { t } from "./words.js";

let tree, root = null, found, finding = null;

const bytes = (n) => amount(n, "B");

function node(n, depth) {
  const figures = [n.parameters && t("figures.parameters", count(n.parameters)), n.flops && amount(n.flops, "FLOP"), n.seconds && `${number(1e3 * n.seconds, 3)} ms`, n.bytes && bytes(n.bytes)].filter(Boolean).join(" · ");
  const share = el("span", { class: "share", title: t("timeShare", number(100 * n.seconds / (root.root.seconds || 1), 1)) });
  share.style.setProperty("--share", n.seconds / (root.root.seconds || 1));
  const shapes = n.shapes.length === 0 ? null : el("ul", {}, n.shapes.map((s) => el("li", { class: "figures" }, `${s.name} (${s.shape.join(", ")})`)));
  return el("details", { open: depth < 1, "data-path": n.path }, el("summary", {}, n.path === "" ? t("model") : [el("span", { class: "figures" }, n.path.slice(0, -n.name.length)), n.name], " ", share, " ", el("span", { class: "figures" }, figures)), shapes, n.parts.map((p) => node(p, depth + 1)));
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
  const field = el("input", { type: "search", id: "path-search", oninput: later((e) => search(e.target.value), 150) });
  body.replaceChildren(el("div", { class: "row" }, el("label", { for: "path-search" }, t("findPath")), field, found), memory, tree);
  const section = body.parentElement;
  document.removeEventListener("keydown", finding);
  document.addEventListener("keydown", finding = (e) => { // pressed again in the field, Ctrl-F is the browser's own
    if (!(e.ctrlKey || e.metaKey) || e.key !== "f" || e.target === field || !(section.contains(e.target) || section.matches(":hover"))) return;
    e.preventDefault();
    field.focus();
    field.select();
  });
  guard(load);
}

export const graph = { name: "graph", begin, wanted: (about) => about.kind !== "none" };
