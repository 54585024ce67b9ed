// Sections 7 and 8: how the run learns, and the data behind each step.
import { get } from "./api.js";
import { canvas, color, el, keyboard, legend, number, room, scale, ticks, visible } from "./dom.js";
import { guard, read, say, state, steps } from "./main.js";
import { surprise } from "./next.js";
import { t } from "./words.js";

let log = { rows: [], scores: [], samples: [], last: 0, live: false };
let box, curve, small, parts, sampleBox, writtenTitle, batchBox, left, smoothing = 0.6, logarithmic = false, byTime = false, source = null, reading = null;

// smooth returns the exponential moving average of values, corrected for its start.
function smooth(values, f) {
  let mean = 0, weight = 0;
  return values.map((v) => {
    if (v === null || !Number.isFinite(v)) return v;
    mean = f * mean + (1 - f) * v;
    weight = f * weight + (1 - f);
    return mean / weight;
  });
}

// chart draws lines and dots over x. It returns the canvas, and the step under a place of it.
function chart(width, height, lines, dots, label, log10 = logarithmic) {
  const [c, g] = canvas(width, height, label), pad = 44;
  const all = lines.flatMap((l) => l.points).concat(dots);
  if (all.length === 0) return [c, () => null];
  const value = (v) => (log10 ? Math.log10(Math.max(v, 1e-12)) : v);
  const xs = all.map((p) => p.x), ys = all.map((p) => value(p.y)).filter(Number.isFinite);
  const x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1e-9), y0 = Math.min(...ys), y1 = Math.max(...ys, y0 + 1e-9);
  const x = (v) => pad + (v - x0) / (x1 - x0) * (width - pad - 8), y = (v) => height - 22 - (value(v) - y0) / (y1 - y0) * (height - 34);
  g.font = "11px system-ui";
  g.fillStyle = color("soft");
  g.strokeStyle = color("line");
  for (const v of log10 ? [0, 1, 2, 3, 4].map((i) => y0 + i / 4 * (y1 - y0)) : ticks(y0, y1, height / 35)) {
    const h = height - 22 - (v - y0) / (y1 - y0) * (height - 34);
    g.beginPath();
    g.moveTo(pad, h);
    g.lineTo(width - 8, h);
    g.stroke();
    g.fillText(log10 ? tick(Number((10 ** v).toPrecision(2))) : tick(v), 2, h + 4);
  }
  g.textAlign = "center";
  for (const v of ticks(x0, x1, Math.min(8, width / 70))) g.fillText(tick(v), Math.min(x(v), width - 14), height - 6);
  for (const l of lines) {
    g.strokeStyle = color(l.color);
    g.globalAlpha = l.alpha || 1;
    g.lineWidth = l.wide || 1.5;
    g.beginPath();
    for (const p of l.points) if (Number.isFinite(value(p.y))) g.lineTo(x(p.x), y(p.y));
    g.stroke();
  }
  g.globalAlpha = 1;
  g.fillStyle = color("minus");
  for (const p of dots) {
    g.beginPath();
    g.arc(x(p.x), y(p.y), 3.5, 0, 7);
    g.fill();
  }
  return [c, (offset) => {
    let best = null;
    for (const p of lines[0].points) if (best === null || Math.abs(x(p.x) - offset) < Math.abs(x(best.x) - offset)) best = p;
    return best;
  }];
}

// tick writes a number at an axis in three digits.
const tick = (v) => (v === 0 ? "0" : Math.abs(v) < 1e-3 ? v.toExponential(1) : Math.abs(v) >= 10000 ? `${Number((v / 1000).toPrecision(3))}k` : String(Number(v.toPrecision(4))));

// span writes a time.
const span = (s) => (s < 100 ? t("seconds", Math.ceil(s)) : s < 6000 ? t("minutes", Math.ceil(s / 60)) : t("hours", number(s / 3600, 1)));

const place = (r) => (byTime ? r.time : r.step);

function draw() {
  if (!curve || log.rows.length === 0) return;
  let time = 0;
  let before = 0; // the log may leave steps out
  for (const r of log.rows) {
    r.time = time += r.seconds * Math.max(1, r.step - before);
    before = r.step;
  }
  const at = new Map(log.rows.map((r) => [r.step, r]));
  const near = (step) => at.get(step) || log.rows.findLast((r) => r.step <= step) || log.rows[0];
  const width = room(box, 1360);
  const series = (of) => log.rows.map((r) => ({ x: place(r), y: of(r), row: r }));
  const raw = series((r) => r.loss), even = smooth(log.rows.map((r) => r.loss), smoothing);
  const dots = log.scores.map((s) => ({ x: place(near(s.step)), y: s.loss }));
  const [c, under] = chart(width, 260, [{ points: raw, color: "soft", alpha: 0.35 }, { points: raw.map((p, i) => ({ ...p, y: even[i] })), color: "accent", wide: 2 }], dots, t("lossLabel", log.rows.length));
  c.id = "loss";
  let chosen = log.rows.length - 1;
  const tell = (r) => { left.textContent = t("stepLine", r.step, number(r.loss, 4), tick(r.rate), number(r.norm, 3)); };
  c.addEventListener("mousemove", (e) => { const p = under(e.offsetX); if (p) tell(p.row); });
  c.addEventListener("click", (e) => { const p = under(e.offsetX); if (p) guard(() => batch(p.row.step)); });
  c.addEventListener("focus", () => left.setAttribute("aria-live", "polite")); // the keys of the curve are spoken, a running step is not
  c.addEventListener("blur", () => left.setAttribute("aria-live", "off"));
  keyboard(c, (e) => {
    if (e.key === "ArrowLeft") chosen = Math.max(0, chosen - 1);
    else if (e.key === "ArrowRight") chosen = Math.min(log.rows.length - 1, chosen + 1);
    else if (e.key === "Enter") { guard(() => batch(log.rows[chosen].step)); return; }
    else return;
    e.preventDefault();
    tell(log.rows[chosen]);
  });
  curve.replaceChildren(c);
  const third = room(small, 1360), each = third < 860 ? (third < 580 ? third : third / 2 - 14) : third / 3 - 18;
  small.replaceChildren(...[["rate", (r) => r.rate], ["norm", (r) => r.norm], ["speed", (r) => r.tokens / r.seconds]].map(([name, of]) =>
    el("div", {}, el("p", { class: "label" }, t(name)), chart(each, 130, [{ points: series(of).filter((p) => Number.isFinite(p.y)), color: "accent" }], [], t(name), name === "norm" || logarithmic)[0])));
  heatmap();
  writtenTitle.hidden = log.samples.length === 0;
  sampleBox.replaceChildren(...log.samples.toReversed().map((s) => el("p", {}, el("span", { class: "label" }, t("afterStep", s.step)), " ", s.text)));
  const last = log.rows.at(-1), rest = log.last - last.step;
  if (log.live) {
    const recent = log.rows.slice(-50), each = recent.reduce((s, r) => s + r.seconds, 0) / recent.length;
    left.textContent = t("left", last.step, log.last, span(rest * each));
  } else {
    left.textContent = t("ended", last.step);
  }
}

// short writes a power of ten.
const short = (power) => (power > -3 ? String(Number((10 ** power).toPrecision(2))) : (10 ** power).toExponential(0).replace("-", "−"));

// heatmap draws the gradient norm and the update/weight ratio of each path over the steps.
function heatmap() {
  const rows = log.rows.filter((r) => r.parts && r.parts.length > 0);
  if (rows.length === 0) return;
  const paths = rows[0].parts.map((p) => p.path), width = Math.max(150, room(box, 1360) - 130), height = 16;
  const map = (of, name) => {
    const values = rows.map((r) => r.parts.map((p) => (of(p) > 1e300 ? NaN : Math.log10(Math.max(of(p), 1e-12))))); // as gap
    let low = Infinity, high = -Infinity;
    for (const v of values.flat()) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (low === Infinity) low = 0;
    high = Math.max(high, low + 1e-9);
    const [c, g] = canvas(width, paths.length * height, t(name, number(10 ** low), number(10 ** high)));
    values.forEach((column, i) => column.forEach((v, j) => {
      g.fillStyle = Number.isNaN(v) ? color("minus") : `color-mix(in srgb, ${color("heat1")} ${Math.round(100 * (v - low) / (high - low))}%, ${color("heat0")})`;
      g.fillRect(i * width / rows.length, j * height, width / rows.length + 1, height - 1);
    }));
    return el("div", {}, el("p", { class: "label" }, t(name)), scale(short(low), short(high), ""),
      el("div", { class: "strip" }, el("div", { class: "label" }, paths.map((p) => { const e = el("div", {}, p); e.style.height = e.style.lineHeight = height + "px"; return e; })), c));
  };
  parts.replaceChildren(map((p) => p.norm, "gradientMap"), map((p) => p.update, "updateMap"));
}

async function batch(step) {
  const b = await get("batch?step=" + step);
  batchBox.replaceChildren(el("h3", {}, t("batch", b.step, b.weights)), el("div", { class: "scroll" }, b.texts.map((text) => el("p", { class: "tokens" }, text.map((x) => {
    const s = el("span", { class: "token", title: x.logprob === null ? "" : `loss ${number(-x.logprob)}` }, visible(x.text));
    s.style.background = surprise(x.logprob || 0);
    return s;
  })))));
  batchBox.scrollIntoView({ block: "nearest" });
}

function begin(body) {
  box = body;
  curve = el("div", { class: "across" });
  small = el("div", { class: "charts" });
  parts = el("div", { class: "across" });
  sampleBox = el("div", { id: "written", class: "scroll short" });
  writtenTitle = el("h3", { hidden: true }, t("written"));
  batchBox = el("div", { id: "batch" });
  left = el("p", { class: "readout", id: "left", "aria-live": "off" });
  body.replaceChildren(el("div", { class: "row" },
    el("div", { class: "field" }, el("label", { for: "smoothing" }, t("smoothing")), el("input", { id: "smoothing", type: "range", min: 0, max: 0.99, step: 0.01, value: smoothing, oninput: (e) => { smoothing = Number(e.target.value); draw(); } })),
    el("label", {}, el("input", { type: "checkbox", id: "log-scale", checked: logarithmic, onchange: (e) => { logarithmic = e.target.checked; draw(); } }), " ", t("logScale")),
    el("label", {}, el("input", { type: "checkbox", id: "by-time", checked: byTime, onchange: (e) => { byTime = e.target.checked; draw(); } }), " ", t("byTime"))),
    left, legend(["soft", t("trained")], ["accent", t("smoothed")], ["minus", t("validated")]), curve, el("p", { class: "label" }, t("clickLoss")), batchBox, small, parts, writtenTitle, sampleBox);
  guard(load);
}

// gap replaces the number that the server writes for one that is not finite.
const gap = (r) => {
  for (const key of ["loss", "norm"]) if (r[key] > 1e300) r[key] = NaN;
  return r;
};

// load reads the log. Events that arrive meanwhile wait for it: it may be older than they are.
async function load() {
  reading = get("log");
  log = await reading;
  log.rows.forEach(gap);
  log.scores.forEach(gap);
  if (log.rows.length === 0 && !log.live) left.textContent = t("noRun");
  draw();
  if (log.live && source === null) listen();
}

// listen follows a run that goes on.
function listen() {
  source = new EventSource("api/v1/events");
  let pending = false;
  const soon = () => {
    if (pending) return;
    pending = true;
    setTimeout(() => { pending = false; draw(); }, 300);
  };
  const on = (name, f) => source.addEventListener(name, async (e) => {
    try { await reading; } catch { return; } // load says why
    f(JSON.parse(e.data));
    soon();
  });
  const add = (list, x) => { if (!list.some((y) => y.step === x.step && y.text === x.text)) list.push(x); };
  on("step", (r) => { if (!log.rows.length || r.step > log.rows.at(-1).step) log.rows.push(gap(r)); if (log.rows.length > 4000) log.rows = log.rows.filter((_, i) => i % 2 === 1); });
  on("evaluation", (s) => add(log.scores, gap(s)));
  on("sample", (s) => add(log.samples, s));
  const renew = async () => { state.about = await get("about"); steps(); if (state.step < 0) read(); };
  on("checkpoint", () => guard(renew));
  on("end", () => guard(async () => { source.close(); await load(); await renew(); }));
  let opened = false;
  source.onopen = () => guard(async () => { // the page may have missed something before, even the end, or another run has the address
    if (opened && (await get("about")).title !== state.about.title) return location.reload();
    opened = true;
    await load();
    if (!log.live) { source.close(); await renew(); }
  });
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) say(t("lost")); };
}

export const training = { name: "training", begin, wanted: (about) => about.last > 0 || about.live || about.steps.length > 0 };
