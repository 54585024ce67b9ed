// Section 4: attention. A grid of layers × heads; a head opens to lines between words, to the matrix and to the numbers of one query.
import { ask, grid, matrix, numbers } from "./api.js";
import { canvas, color, el, heat, idle, keyboard, names, number, room, scale, shades } from "./dom.js";
import { guard, question, state } from "./main.js";
import { t } from "./words.js";

let opened = null; // the box of the open head
let serial = 0, drawing = 0;

// keysOf returns the tokens that a layer attends to, and those that attend.
function keysOf(a) {
  const r = state.reading;
  const source = r.source, own = r.tokens;
  if (r.picture) return { queries: places(a.t), keys: places(a.s) };
  if (a.cross) return { queries: own, keys: source };
  return a.part === "encoder" ? { queries: source, keys: source } : { queries: own, keys: own };
}

// places names the class token and the patches of a picture.
function places(n) {
  const across = state.reading.picture.width / state.reading.picture.patch;
  return Array.from({ length: n }, (_, i) => ({ id: -1, text: i === 0 ? "CLS" : t("patch", Math.floor((i - 1) / across) + 1, (i - 1) % across + 1) }));
}

function show(body) {
  const r = state.reading;
  if (!r) return;
  const box = el("div", { class: "heads", id: "heads" });
  const mine = ++drawing;
  const drawings = [];
  r.attentions.forEach((a, layer) => {
    const size = a.heads > 8 || innerWidth < 640 ? 44 : 64;
    const cells = Array.from({ length: a.heads }, (_, h) => {
      const c = el("canvas", { width: 1, height: 1, "aria-hidden": "true" });
      c.style.width = c.style.height = size + "px";
      const chosen = state.attention === layer && state.head === h;
      return el("button", { type: "button", tabIndex: chosen || (state.attention === null && layer + h === 0) ? 0 : -1, "aria-label": t("headLabel", a.path, h),
        "aria-pressed": String(chosen), onclick: () => open(layer, h) }, c);
    });
    box.append(el("span", { class: "label", title: a.path }, (a.cross ? t("cross") + " " : "") + a.path), el("div", { class: "cells" }, cells));
    const draw = () => {
      if (mine !== drawing) return;
      const bytes = grid(a.grid);
      cells.forEach((b, h) => drawings.length === 0 ? b.replaceChildren(thumbnail(a, h, bytes, size)) : drawings.push(() => mine === drawing && b.replaceChildren(thumbnail(a, h, bytes, size))));
    };
    if (a.t * a.s * a.heads < 2e5) draw();
    else drawings.push(draw); // a long text must not stop the page
  });
  box.addEventListener("keydown", walk);
  opened = el("div", { id: "head" });
  const seen = r.picture ? el("div", { id: "picture-shown" }, over(r.picture, new Float32Array(1)), el("p", { class: "label" }, r.picture.label === "" ? "" : t("rightClass", r.picture.label))) : null;
  body.replaceChildren(...[seen, r.attentions.length === 0 ? el("p", {}, t("noAttention")) : box, opened].filter(Boolean));
  (async () => { for (const f of drawings) { await idle(); f(); } })();
  if (state.attention !== null && state.attention < r.attentions.length) guard(details);
}

// thumbnail draws a head in few pixels: each shows the largest of its cells.
function thumbnail(a, h, bytes, size) {
  const rows = Math.min(a.t, size), cols = Math.min(a.s, size), most = new Uint8Array(rows * cols);
  for (let i = 0, at = h * a.t * a.s; i < a.t; i++) {
    const row = Math.floor(i * rows / a.t) * cols;
    for (let j = 0; j < a.s; j++, at++) {
      const to = row + Math.floor(j * cols / a.s);
      if (bytes[at] > most[to]) most[to] = bytes[at];
    }
  }
  const c = heat(rows, cols, (i, j) => Math.sqrt(most[i * cols + j] / 255), shades(), [size / cols, size / rows], "");
  c.setAttribute("aria-hidden", "true");
  c.style.width = c.style.height = size + "px";
  return c;
}

// walk moves the focus in the grid of heads.
function walk(e) {
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
  const all = [...document.querySelectorAll("#heads .cells")].map((row) => [...row.children]);
  const layer = all.findIndex((row) => row.includes(e.target));
  if (!move || layer < 0) return;
  const row = all[Math.max(0, Math.min(all.length - 1, layer + move[0]))];
  const to = row[Math.max(0, Math.min(row.length - 1, all[layer].indexOf(e.target) + move[1]))];
  e.preventDefault();
  for (const b of all.flat()) b.tabIndex = b === to ? 0 : -1;
  to.focus();
}

export function open(layer, head) {
  state.attention = layer;
  state.head = head;
  for (const [i, row] of [...document.querySelectorAll("#heads .cells")].entries())
    for (const [h, b] of [...row.children].entries()) {
      b.setAttribute("aria-pressed", String(i === layer && h === head));
      b.tabIndex = i === layer && h === head ? 0 : -1;
    }
  return guard(details);
}

async function details() {
  const a = state.reading.attentions[state.attention], mine = ++serial;
  const head = await ask("head", { ...question(), path: a.path, head: Math.min(state.head, a.heads - 1) });
  if (state.reading.tokens.length > 100) await idle();
  if (mine !== serial) return;
  const { queries, keys } = keysOf(a), asking = names(queries), asked = names(keys);
  const p = matrix(head.probabilities), scores = matrix(head.scores), q = matrix(head.query), k = matrix(head.key), v = matrix(head.value);
  if (p.rows > 100) await idle(); // pictures of many cells must not stop the page
  if (mine !== serial) return;
  const at = () => Math.min(state.query, p.rows - 1);
  const numbersBox = el("div", {}), pictureBox = el("div", {}), readout = el("p", { class: "readout", "aria-live": "polite" });
  const cell = Math.max(2, Math.min(26, room(opened, 480) / Math.max(p.rows, p.cols)));
  const map = heat(p.rows, p.cols, (i, j) => Math.sqrt(p.at(i, j)), shades(), [cell, cell], t("matrixLabel", p.rows, p.cols));
  map.id = "matrix";
  if (p.rows > 100) await idle();
  if (mine !== serial) return;
  let key = 0;
  const choose = (i, j) => {
    state.query = Math.max(0, Math.min(p.rows - 1, i));
    key = Math.max(0, Math.min(p.cols - 1, j));
    readout.textContent = t("cell", asking[state.query], asked[key], number(p.at(state.query, key), 4));
    word();
  };
  map.addEventListener("click", (e) => choose(Math.floor(e.offsetY / cell), Math.floor(e.offsetX / cell)));
  map.addEventListener("mousemove", (e) => {
    const i = Math.floor(e.offsetY / cell), j = Math.floor(e.offsetX / cell);
    if (i >= 0 && j >= 0 && i < p.rows && j < p.cols) readout.textContent = t("cell", asking[i], asked[j], number(p.at(i, j), 4));
  });
  keyboard(map, (e) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[e.key];
    if (!move) return;
    e.preventDefault();
    choose(state.query + move[0], key + move[1]);
  });
  const select = el("select", { id: "query", onchange: (e) => choose(Number(e.target.value), key) }, asking.slice(0, p.rows).map((x, i) => el("option", { value: i, selected: i === at() }, `${i} ${x}`)));
  const linesBox = el("div", { class: p.rows > 40 ? "scroll" : "across" }), drawLines = () => {
    linesBox.replaceChildren(lines(p, asking, asked, at()));
    linesBox.scrollTop = linesBox.scrollHeight * at() / p.rows - 100;
  };
  let waits = false;

  function word() {
    select.value = at();
    if (p.rows <= 100) drawLines();
    else if (!waits) {
      waits = true;
      idle().then(() => { waits = false; if (mine === serial) drawLines(); });
    }
    const i = at(), top = p.row(i).reduce((x, y) => Math.max(x, y)), order = Array.from({ length: p.cols }, (_, j) => j).sort((x, y) => p.at(i, y) - p.at(i, x)).slice(0, 40).sort((x, y) => x - y);
    numbersBox.replaceChildren(
      el("p", { class: "readout" }, t("queryVector", asking[i], few(q.row(i)))),
      el("div", { class: "scroll" }, el("table", { id: "numbers" },
        el("thead", {}, el("tr", {}, ["key", "keyVector", "score", "mask", "softmax", "valueVector", "weighted"].map((x) => el("th", {}, t(x))))),
        el("tbody", {}, order.map((j) => el("tr", { class: p.at(i, j) === top ? "lit" : scores.at(i, j) === -Infinity ? "dropped" : "" },
          el("td", {}, `${j} ${asked[j]}`), vector(k.row(j)), el("td", {}, number(scores.at(i, j))),
          el("td", {}, scores.at(i, j) === -Infinity ? t("hidden") : t("seen")), weight(p.at(i, j)),
          vector(v.row(j)), vector(v.row(j).map((x) => x * p.at(i, j)), 4)))), sums(p.row(i), v))));
    if (state.reading.picture) pictureBox.replaceChildren(over(state.reading.picture, p.row(i)));
  }

  opened.replaceChildren(el("h3", {}, t("headLabel", a.path, state.head)),
    el("div", { class: "row" }, el("label", { for: "query" }, t("query")), select),
    el("div", { class: "columns" }, el("div", {}, el("p", { class: "label" }, t("matrixHelp")), scale("0", "1", ""), el("div", { class: "across" }, cell < 12 ? map : el("div", { class: "strip" }, el("div", { class: "label", "aria-hidden": "true" }, asking.slice(0, p.rows).map((x) => { const e = el("div", {}, x); e.style.height = e.style.lineHeight = cell + "px"; return e; })), map)), readout), state.reading.picture ? pictureBox : el("div", {}, el("p", { class: "label" }, t("linesHelp")), linesBox)),
    el("h3", {}, t("numbers")), numbersBox);
  word();
}

// weight shows a probability as a number and a bar.
function weight(x) {
  const e = el("td", { class: "weight" }, number(x, 4));
  e.style.setProperty("--w", x);
  return e;
}

// vector shows the first numbers of a vector. All of them appear at the pointer.
const vector = (row, digits = 2) => el("td", { onmouseenter: (e) => { e.target.title = whole(row, digits); } }, few(row, digits));

const whole = (row, digits) => Array.from(row, (x) => number(x, digits)).join(" ");

// sums is the last row of the numbers: the weights of all keys, hidden or not shown, and the mixed values, which leave the head.
function sums(weights, v) {
  const mixed = new Float32Array(v.cols);
  weights.forEach((w, j) => { if (w !== 0) v.row(j).forEach((x, c) => { mixed[c] += w * x; }); });
  return el("tfoot", {}, el("tr", {}, el("td", { colSpan: 4 }, t("sum")), el("td", {}, number(weights.reduce((a, x) => a + x, 0), 4)), el("td"), el("td", { title: whole(mixed, 4) }, few(mixed, 4))));
}

// few writes the first numbers of a vector.
const few = (row, digits = 2) => "[" + Array.from(row.subarray(0, 3), (x) => number(x, digits)).join(" ") + (row.length > 3 ? " …]" : "]");

// lines draws the words twice, and lines from the chosen query, strong for a large probability. The other queries are faint.
function lines(p, queries, keys, chosen) {
  const n = Math.max(p.rows, p.cols), step = n > 60 ? 12 : 18, height = n * step + 10, width = room(opened, 480), left = width * 0.34, right = width * 0.66;
  const [c, g] = canvas(width, height, t("linesLabel", queries[chosen])), most = p.row(chosen).reduce((x, y) => Math.max(x, y), 1e-9);
  g.font = `${Math.min(13, step - 2)}px system-ui`;
  g.textBaseline = "middle";
  const y = (i) => 5 + (i + 0.5) * step;
  const draw = (i, strength) => {
    g.strokeStyle = color(i === chosen ? "accent" : "soft");
    for (let j = 0; j < p.cols; j++) {
      const v = p.at(i, j) * strength;
      if (v < 0.02) continue;
      g.globalAlpha = Math.min(1, v);
      g.lineWidth = i === chosen ? 0.5 + Math.min(3, 40 * most) * p.at(i, j) / most : 1; // all lines of a query together are at most 40 wide
      g.beginPath();
      g.moveTo(left, y(i));
      g.bezierCurveTo(width / 2, y(i), width / 2, y(j), right, y(j));
      g.stroke();
    }
  };
  for (let i = 0; i < p.rows && n <= 60; i++) if (i !== chosen) draw(i, 0.25);
  draw(chosen, (0.4 + 0.6 * Math.min(1, 4 * most)) / most); // many weak lines must not become one area
  g.globalAlpha = 1;
  const accent = color("accent"), ink = color("ink");
  g.textAlign = "right";
  for (let i = 0; i < p.rows; i++) {
    g.fillStyle = i === chosen ? accent : ink;
    g.fillText(queries[i].slice(0, 16), left - 5, y(i));
  }
  g.fillStyle = ink;
  g.textAlign = "left";
  for (let j = 0; j < p.cols; j++) {
    g.globalAlpha = 0.6 + 0.4 * p.at(chosen, j) / most;
    g.fillText(keys[j].slice(0, 16), right + 5, y(j));
  }
  g.globalAlpha = 1;
  return c;
}

// over draws the picture with the attention of one query to its patches.
export function over(picture, row) {
  const scale = Math.max(1, Math.floor(280 / Math.max(picture.width, picture.height)));
  const [c, g] = canvas(picture.width * scale, picture.height * scale, t("overPicture"));
  const pixels = numbers(picture.pixels), area = picture.width * picture.height, image = new ImageData(picture.width, picture.height);
  for (let i = 0; i < area; i++) {
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = Math.round(255 * pixels[i + (picture.channels === 3 ? k * area : 0)]);
    image.data[4 * i + 3] = 255;
  }
  const plain = el("canvas", { width: picture.width, height: picture.height });
  plain.getContext("2d").putImageData(image, 0, 0);
  g.imageSmoothingEnabled = false;
  g.drawImage(plain, 0, 0, picture.width * scale, picture.height * scale);
  const across = picture.width / picture.patch, most = row.subarray(1).reduce((x, y) => Math.max(x, y), 1e-9), size = picture.patch * scale;
  for (let k = 1; k < row.length; k++) {
    g.globalAlpha = 0.75 * row[k] / most;
    g.fillStyle = color("focus");
    g.fillRect(((k - 1) % across) * size, Math.floor((k - 1) / across) * size, size, size);
  }
  g.globalAlpha = 1;
  return c;
}

export const attention = { name: "attention", show, wanted: (about) => about.kind !== "none", title: (about) => (about.kind === "pictures" ? "attentionPictures" : "attention") };
