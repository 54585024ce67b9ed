// Section 2: the vectors of tokens, their neighbours, and the map of the vocabulary.
import { ask, get, matrix, numbers } from "./api.js";
import { canvas, color, count, el, heat, keyboard, later, names, number, room, scale, signed, visible } from "./dom.js";
import { guard, state } from "./main.js";
import { t } from "./words.js";

let searchField, list, nearest, pair, strips, mapBox, readout, listed = "", redraw = null;

function begin(body) {
  strips = el("div", { class: "scroll", id: "vectors" });
  searchField = el("input", { type: "search", id: "word-search", oninput: later(() => { guard(words); redraw?.(); }, 200) });
  list = el("div", { class: "scroll short" });
  listed = "";
  redraw = null;
  nearest = el("div", { class: "scroll" });
  pair = el("div", { id: "pair" });
  mapBox = el("div", { class: "under" });
  readout = el("p", { class: "readout", "aria-live": "polite" });
  body.replaceChildren(el("h3", {}, t("vectors")), scale("−", "+", "signed"), strips, el("div", { class: "columns" },
    el("div", {}, el("h3", {}, el("label", { for: "word-search" }, t("search"))), searchField, list),
    el("div", { id: "nearest" }, el("h3", {}, t("nearest")), nearest, pair)),
    el("button", { type: "button", id: "map-show", class: "under", onclick: (e) => { e.target.hidden = true; guard(drawMap); } }, t("mapShow")), mapBox, readout);
  guard(words);
}

// light chooses a token of the vocabulary.
export function light(id) {
  state.word = id;
  guard(words);
}

// words shows the rows of the vocabulary, unless they are shown already.
async function words() {
  const key = JSON.stringify([searchField.value, state.word, state.other, state.step, state.reading?.step, texts()]);
  if (key === listed) return;
  const r = await ask("words", { search: searchField.value, id: state.word, other: state.other, first: 0, step: state.step, nearest: 12 });
  listed = key;
  redraw?.();
  const button = (w) => el("button", { type: "button", class: "word", onclick: () => light(w.id) }, visible(w.text));
  const row = (w) => el("tr", { "data-id": w.id, class: w.id === state.word ? "lit" : "" }, el("td", {}, button(w)), el("td", {}, String(w.id)), el("td", {}, number(w.cosine)));
  const table = (rows) => el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, t("token")), el("th", {}, t("id")), el("th", {}, t("cosine")))), el("tbody", {}, rows.map(row)));
  list.replaceChildren(el("p", { class: "label" }, t("found", count(r.total))), table(r.words));
  nearest.replaceChildren(state.word < 0 ? el("p", { class: "label" }, t("chooseToken")) : table(r.nearest));
  pair.replaceChildren();
  if (state.word >= 0 && r.nearest.length > 0) {
    const choice = el("select", { id: "pair-with", onchange: (e) => { state.other = Number(e.target.value); guard(words); } },
      el("option", { value: "-1" }, t("choose")), choices(r).map((w) => el("option", { value: w.id, selected: w.id === state.other }, visible(w.text))));
    pair.append(el("div", {}, el("label", { for: "pair-with" }, t("compareWith")), " ", choice));
    if (state.other >= 0) pair.append(el("p", { class: "readout" }, `cos = ${number(r.cosine, 4)}`), strip([numbers(r.vector), numbers(r.other)], t("comparison"), 10));
  }
}

// texts returns the tokens of the text, each once.
const texts = () => [...new Map((state.reading?.tokens || []).map((x) => [x.id, x])).values()].map(({ id, text }) => ({ id, text })).slice(0, 50);

// choices returns the tokens to compare with: those of the text, the neighbours and those that the search found.
const choices = (r) => [...new Map([...texts(), ...r.nearest, ...r.words].filter((w) => w.id !== state.word).map((w) => [w.id, w])).values()];

// strip draws vectors as rows of colors around 0.
function strip(rows, label, height) {
  const most = rows.reduce((m, r) => r.reduce((a, v) => Math.max(a, Math.abs(v)), m), 1e-9), shade = signed();
  const width = rows.length === 0 ? 0 : rows[0].length;
  return heat(rows.length, width, (i, j) => rows[i][j] / most, shade, [Math.max(1, Math.min(12, (room(strips, 1330) - 110) / Math.max(width, 1))), height], label);
}

function show() {
  if (!state.reading || !strips) return;
  strips.replaceChildren(...state.reading.vectors.map((v) => {
    const m = matrix(v), shown = Math.min(m.rows, 64);
    const read = v === state.reading.vectors[0] ? state.reading.tokens : state.reading.source.length > 0 ? state.reading.source : state.reading.tokens;
    return el("div", { class: "strip" }, el("div", { class: "label", "aria-hidden": "true" }, names(read).slice(0, shown).map((name, i) => lineOf(name, read[i].id))),
      strip(Array.from({ length: shown }, (_, i) => m.row(i)), t("vectorsLabel", v.path, m.rows, m.cols), 18));
  }));
  guard(words);
  if (mapBox.firstChild) guard(drawMap);
}

function lineOf(text, id) {
  const e = el("div", { "data-id": id }, text);
  e.style.height = e.style.lineHeight = "18px";
  return e;
}

async function drawMap() {
  const m = await get("map?step=" + state.step);
  const xs = numbers(m.x), ys = numbers(m.y), width = room(mapBox, 1200), height = 420;
  const [c, g] = canvas(width, height, t("mapLabel", count(xs.length)));
  c.id = "map";
  const least = (v) => v.reduce((a, b) => Math.min(a, b)), most = (v) => v.reduce((a, b) => Math.max(a, b)); // a vocabulary has too many for the arguments of one call
  const low = [least(xs), least(ys)], high = [most(xs), most(ys)];
  let zoom = 1, centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
  const scale = () => [(width - 40) / (high[0] - low[0] || 1) * zoom, (height - 40) / (high[1] - low[1] || 1) * zoom];
  const place = (i) => [width / 2 + (xs[i] - centre[0]) * scale()[0], height / 2 - (ys[i] - centre[1]) * scale()[1]];
  function draw() {
    g.clearRect(0, 0, width, height);
    const wanted = searchField.value, here = new Set(state.reading ? state.reading.tokens.map((x) => x.id) : []), names = [];
    for (let i = 0; i < xs.length; i++) {
      const [x, y] = place(i);
      if (x < 0 || y < 0 || x > width || y > height) continue;
      const lit = here.has(i) || i === state.word || (wanted !== "" && m.texts[i].includes(wanted));
      g.fillStyle = color(lit ? "minus" : "accent");
      g.globalAlpha = lit ? 1 : 0.35;
      g.fillRect(x - (lit ? 3 : 1.5), y - (lit ? 3 : 1.5), lit ? 6 : 3, lit ? 6 : 3);
      if (lit || zoom >= 6) names.push([i, x, y]);
    }
    g.globalAlpha = 1;
    g.fillStyle = color("ink");
    g.font = "12px system-ui";
    for (const [i, x, y] of names.slice(0, 150)) {
      g.textAlign = x > width - 80 ? "right" : "left";
      g.fillText(visible(m.texts[i]), x + (x > width - 80 ? -5 : 5), y - 4);
    }
  }
  const zoomBy = (f, at = centre) => {
    zoom = Math.max(1, Math.min(200, zoom * f));
    centre = at;
    draw();
  };
  const inverse = (e) => [centre[0] + (e.offsetX - width / 2) / scale()[0], centre[1] - (e.offsetY - height / 2) / scale()[1]];
  drag(c, (dx, dy) => { centre = [centre[0] - dx / scale()[0], centre[1] + dy / scale()[1]]; draw(); });
  c.addEventListener("dblclick", (e) => zoomBy(2, inverse(e)));
  keyboard(c, (e) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key];
    if (move) centre = centre.map((v, i) => v + move[i] * 60 / scale()[i]);
    else if (e.key === "+" || e.key === "=") zoom = Math.min(200, zoom * 1.5);
    else if (e.key === "-") zoom = Math.max(1, zoom / 1.5);
    else return;
    e.preventDefault();
    draw();
  });
  c.addEventListener("mousemove", (e) => {
    let best = -1, nearestSoFar = 144;
    for (let i = 0; i < xs.length; i++) {
      const [x, y] = place(i), d = (x - e.offsetX) ** 2 + (y - e.offsetY) ** 2;
      if (d < nearestSoFar) [best, nearestSoFar] = [i, d];
    }
    readout.textContent = best < 0 ? "" : `${visible(m.texts[best])} = ${best}`;
    c.dataset.under = best;
  });
  c.addEventListener("click", () => !c.dataset.dragged && Number(c.dataset.under) >= 0 && light(Number(c.dataset.under)));
  draw();
  redraw = draw;
  mapBox.replaceChildren(c, el("div", { class: "row under" },
    el("button", { type: "button", "aria-label": t("zoomIn"), onclick: () => zoomBy(1.5) }, "+"), el("button", { type: "button", "aria-label": t("zoomOut"), onclick: () => zoomBy(1 / 1.5) }, "−"),
    el("span", { class: "label" }, t("mapHelp"))));
}

// drag calls moved with the way of a pressed pointer over a picture. A drag is no click.
function drag(c, moved) {
  c.addEventListener("pointerdown", (e) => { delete c.dataset.dragged; if (e.pointerType !== "touch") c.setPointerCapture(e.pointerId); });
  c.addEventListener("pointermove", (e) => {
    if (!e.buttons || e.movementX === 0 && e.movementY === 0) return;
    c.dataset.dragged = "1";
    moved(e.movementX, e.movementY);
  });
}

export const embeddings = { name: "embeddings", begin, show, wanted: (about) => !["pictures", "none"].includes(about.kind) };
