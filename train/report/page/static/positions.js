// Section 3: how the model knows the order of tokens.
import { matrix } from "./api.js";
import { canvas, color, el, heat, names, number, room, scale, shades, signed } from "./dom.js";
import { state } from "./main.js";
import { t } from "./words.js";

// similarities returns the cosine of each two rows of x.
function similarities(x, rows, cols) {
  const all = new Float32Array(rows * rows), norms = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = i; j >= 0; j--) {
      let sum = 0;
      for (let k = 0, a = i * cols, b = j * cols; k < cols; k++) sum += x[a + k] * x[b + k];
      if (j === i) norms[i] = Math.sqrt(sum) || 1;
      all[i * rows + j] = all[j * rows + i] = sum / (norms[i] * norms[j]);
    }
  }
  return all;
}

let known = { values: "" }; // the similarities of the last table: positions change with the weights, not with the text

function remembered(layer, m) {
  if (known.values !== layer.values) known = { values: layer.values, cosines: similarities(m.values, m.rows, m.cols) };
  return known.cosines;
}

// byDistance returns the mean cosine of the positions at each distance.
function byDistance(cosines, n) {
  return Float32Array.from({ length: n }, (_, d) => {
    let sum = 0;
    for (let i = d; i < n; i++) sum += cosines[i * n + i - d];
    return sum / (n - d);
  });
}

// table draws position vectors and their similarity by distance.
function table(layer) {
  const m = matrix(layer), shade = signed(), cell = Math.max(3, Math.min(12, 320 / Math.max(m.rows, 1)));
  const most = m.values.reduce((a, v) => Math.max(a, Math.abs(v)), 1e-9);
  const cosines = remembered(layer, m), cosine = (i, j) => cosines[i * m.rows + j];
  const part = (label, picture) => el("div", {}, el("p", { class: "label" }, label), el("div", { class: "scroll" }, picture));
  const label = t("positionTable", layer.path, m.rows, m.cols);
  return [scale("−", "+", "signed"), el("div", { class: "columns" },
    part(label, heat(m.rows, m.cols, (i, j) => m.at(i, j) / most, shade, [Math.max(1, Math.min(8, 560 / m.cols)), cell], label)),
    part(t("similarity"), heat(m.rows, m.rows, cosine, shade, [cell, cell], t("similarity"))),
    ...(m.rows > 1 && !state.reading.picture ? [el("div", {}, el("p", { class: "label" }, t("byDistance")), lines({ rows: 1, cols: m.rows, values: byDistance(cosines, m.rows) }, t("byDistance"), true))] : []))];
}

// line draws one line for each row of a matrix.
function lines(m, label, small) {
  const width = Math.min(small ? 400 : 640, room(document.getElementById("section-positions"), 640) - 40), height = 220, [c, g] = canvas(width, height, label), at = (i, j) => m.values[i * m.cols + j];
  const low = m.values.reduce((a, v) => Math.min(a, v), 0), high = m.values.reduce((a, v) => Math.max(a, v), 0);
  const y = (v) => height - 20 - (v - low) / (high - low || 1) * (height - 40), x = (j) => 10 + j / Math.max(1, m.cols - 1) * (width - 20);
  g.strokeStyle = color("line");
  g.strokeRect(10, 20, width - 20, height - 40);
  for (let i = 0; i < m.rows; i++) {
    g.lineWidth = 1.5;
    g.strokeStyle = m.rows === 1 ? color("accent") : `hsl(${Math.round(i / m.rows * 300)} 60% 50%)`;
    g.beginPath();
    for (let j = 0; j < m.cols; j++) g.lineTo(x(j), y(at(i, j)));
    g.stroke();
  }
  g.fillStyle = color("soft");
  g.font = "12px system-ui";
  g.fillText(number(high), 14, 16);
  g.fillText(number(low), 14, height - 6);
  g.textAlign = "right";
  g.fillText(t("distances", m.cols - 1), width - 12, height - 6);
  return c;
}

function relative(r) {
  const parts = [el("p", {}, t("relative." + r.kind))];
  if (r.angles.rows > 0) {
    const m = matrix(r.angles), shade = shades();
    parts.push(el("p", { class: "label" }, t("angles", m.rows, m.cols)),
      el("div", { class: "scroll" }, heat(m.rows, m.cols, (i, j) => (Math.cos(m.at(i, j)) + 1) / 2, shade, [Math.max(4, 640 / m.cols), 8], t("angles", m.rows, m.cols))));
  }
  if (r.bias.rows > 0) {
    const m = matrix(r.bias);
    parts.push(el("p", { class: "label" }, t("bias", m.rows)), lines(m, t("bias", m.rows)));
  }
  return parts;
}

function show(body) {
  const r = state.reading;
  if (!r) return;
  const parts = r.positions.flatMap(table);
  if (r.relative) parts.push(...relative(r.relative));
  if (parts.length === 0) parts.push(el("p", {}, t("noPositions")));
  if (r.positions.length > 0 && r.vectors.length > 0 && !r.picture) {
    const read = r.source.length > 0 ? r.source : r.tokens; // an encoder-decoder reads the source first
    const v = matrix(r.vectors[0]), p = matrix(r.positions[0]), n = Math.min(v.rows, p.rows, read.length, 64), name = names(read);
    const norm = (row) => number(Math.hypot(...row));
    parts.push(el("h3", {}, t("added")), el("div", { class: "scroll short" }, el("table", {},
      el("thead", {}, el("tr", {}, ["position", "token", "vectorNorm", "positionNorm", "sumNorm"].map((k) => el("th", {}, t(k))))),
      el("tbody", {}, Array.from({ length: n }, (_, i) => el("tr", {}, el("td", {}, String(i)), el("td", {}, name[i]), el("td", {}, norm(v.row(i))),
        el("td", {}, norm(p.row(i))), el("td", {}, norm(v.row(i).map((x, k) => x + p.at(i, k))))))))));
  }
  body.replaceChildren(...parts);
}

export const positions = { name: "positions", show, wanted: (about) => about.kind !== "none" };
