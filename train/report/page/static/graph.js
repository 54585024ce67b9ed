// Section 6: the expression graph, folded by scope, and the memory of its operations.
import { get } from "./api.js";
import { amount, canvas, color, count, el, keyboard, later, number, room } from "./dom.js";
import { guard, state } from "./main.js";
import { t } from "./words.js";

let tree, plan, memory, readout, found, finding = null, of = "graph";
const graphs = {}; // by endpoint

const bytes = (n) => amount(n, "B");
const times = (n) => (n > 1 ? ` × ${count(n)}` : "");
const size = (shape) => (shape.length > 0 ? `(${shape.join(", ")})` : "");
const clock = (s) => (s < 1e-4 ? `${number(1e6 * s, 1)} µs` : `${number(1e3 * s, 2)} ms`);

// figures returns the columns of a scope or an operation: parameters, FLOPs, time and memory.
function figures(n, seconds, own) {
  const cell = (name, text) => el("span", { class: "figures " + name }, text);
  const share = el("span", { class: "share", title: t("timeShare", number(100 * n.seconds / (seconds || 1), 1)) });
  share.style.setProperty("--share", n.seconds / (seconds || 1));
  return [share, cell("parameters", n.parameters ? count(n.parameters) : ""), cell("flops", n.flops ? amount(n.flops, "FLOP") : ""),
    cell("clock", n.seconds ? clock(n.seconds) : ""), cell("memory", own || bytes(n.memory))];
}

// operation returns the row of a single operation.
function operation(o, seconds) {
  const own = o.shared ? (o.memory > 0 ? t("sharedPart", bytes(o.memory), bytes(o.result)) : t("shared", bytes(o.result))) : "";
  return el("div", { class: "operation" }, el("span", { class: "label" }, `${o.name} ${size(o.shape)}${times(o.count)}`), figures(o, seconds, own));
}

function node(n, depth, seconds) {
  const name = n.path === "" ? t("model") : [el("span", { class: "figures" }, n.path.slice(0, -n.name.length)), n.name];
  const fold = el("details", { open: depth < 1, "data-path": n.path }, el("summary", {}, el("span", { class: "label" }, name), figures(n, seconds)));
  const fill = () => { // operations are many, and are made when they are seen
    if (!fold.open || fold.dataset.filled) return;
    fold.dataset.filled = "1";
    fold.firstChild.after(...n.shapes.map((s) => el("div", { class: "operation weight" }, el("span", { class: "label" }, `${s.name} ${size(s.shape)}`))), ...n.operations.map((o) => operation(o, seconds)));
  };
  fold.addEventListener("toggle", fill);
  fill();
  fold.append(...n.parts.map((p) => node(p, depth + 1, seconds)));
  return fold;
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

// draw draws the memory of values and gradients: an operation in each column, and the memory from bottom to top.
function draw(g) {
  plan.hidden = g.blocks.length === 0;
  if (plan.hidden) return;
  const width = room(plan, 1360), height = 160, extent = Math.max(...g.blocks.map((b) => b.offset + b.bytes));
  const [c, pen] = canvas(width, height, t("planLabel", g.blocks.length, bytes(extent)));
  c.id = "plan";
  const x = (i) => i / g.steps * width, y = (at) => height - at / extent * height;
  const paths = [...new Set(g.blocks.map((b) => b.path))], place = new Map(paths.map((p, i) => [p, i % 6]));
  const palette = [0, 1, 2, 3, 4, 5].map((i) => color("c" + i)), ground = color("heat0"), mark = color("focus");
  let chosen = -1;
  const paint = () => {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
    g.blocks.forEach((b, i) => {
      pen.fillStyle = i === chosen ? mark : palette[place.get(b.path)];
      const right = x(Math.min(b.until + 1, g.steps)), top = y(b.offset + b.bytes);
      pen.fillRect(x(b.from), top, Math.max(right - x(b.from) - 0.5, 1), Math.max(y(b.offset) - top - 0.5, 1));
    });
  };
  const choose = (i) => {
    if (i === chosen || i < 0 || i >= g.blocks.length) return;
    chosen = i;
    const b = g.blocks[i];
    readout.textContent = t("block", b.path || t("model"), b.name, bytes(b.bytes), b.from + 1, Math.min(b.until + 1, g.steps), g.steps);
    paint();
  };
  c.addEventListener("mousemove", (e) => {
    const step = e.offsetX / width * g.steps, at = (height - e.offsetY) / height * extent;
    choose(g.blocks.findIndex((b) => b.from <= step && step < b.until + 1 && b.offset <= at && at < b.offset + b.bytes));
  });
  keyboard(c, (e) => {
    if (e.key !== "ArrowLeft" && e.key !== "ArrowRight") return;
    e.preventDefault();
    choose(Math.max(0, chosen + (e.key === "ArrowLeft" ? -1 : 1)));
  });
  readout.textContent = t("plan");
  paint();
  plan.replaceChildren(c);
}

async function load() {
  const g = (graphs[of] = graphs[of] || (await get(of)));
  const m = g.memory, r = g.root;
  memory.textContent = t("memory", bytes(m.weights), m.gradients ? t("gradientMemory", bytes(m.gradients)) : "", bytes(m.arena), bytes(r.memory - m.gradients), bytes(m.total));
  const head = el("div", { class: "operation head", "aria-hidden": "true" }, el("span", { class: "label" }, t("operations", count(r.count))), el("span", { class: "share" }),
    ["parameters", "flops", "clock", "memory"].map((name) => el("span", { class: "figures " + name }, t("column." + name))));
  tree.replaceChildren(head, node(r, 0, r.seconds));
  draw(g);
}

function begin(body) {
  tree = el("div", { class: "tree scroll", id: "graph-tree" });
  plan = el("div", { class: "across" });
  readout = el("p", { class: "readout", "aria-live": "polite" });
  found = el("span", { class: "label", "aria-live": "polite" });
  memory = el("p", { class: "readout", id: "graph-memory" });
  const field = el("input", { type: "search", id: "path-search", oninput: later((e) => search(e.target.value), 150) });
  const kind = !state.about.trains ? [] : [el("label", { for: "graph-of" }, t("graphOf")), el("select", { id: "graph-of", onchange: (e) => { of = e.target.value; guard(load); } },
    ["graph", "step"].map((v) => el("option", { value: v, selected: v === of }, t("graphOf." + v))))];
  body.replaceChildren(el("div", { class: "row" }, kind, el("label", { for: "path-search" }, t("findPath")), field, found), memory, tree, readout, plan);
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
