// Small tools for the page's elements.

// el makes an element. Keys of props that begin with "on" are event listeners, "data" and "aria" keys are attributes, others are
// properties. Children are elements or texts; texts are never read as HTML.
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else if (key === "class") e.className = value;
    else if (key.includes("-") || key === "role" || key === "for") e.setAttribute(key, value);
    else e[key] = value;
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined));
  return e;
}

// color returns the value of a color of style.css.
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

// rgb reads a color #rrggbb.
export function rgb(hex) {
  const h = hex.replace("#", "");
  const wide = h.length === 3 ? [...h].map((c) => c + c).join("") : h;
  return [0, 2, 4].map((i) => parseInt(wide.slice(i, i + 2), 16));
}

// mix returns the color at fraction f between a and b.
export const mix = (a, b, f) => a.map((v, i) => Math.round(v + (b[i] - v) * Math.max(0, Math.min(1, f))));

// canvas makes a canvas of CSS pixels, sharp on any screen.
export function canvas(width, height, label) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const c = el("canvas", { width: Math.round(width * scale), height: Math.round(height * scale), role: "img", "aria-label": label });
  c.style.width = width + "px";
  c.style.height = height + "px";
  const g = c.getContext("2d");
  g.scale(scale, scale);
  return [c, g];
}

// keyboard lets the reader reach a picture by keyboard. The keys that it reads are its own, also under a screen reader.
export function keyboard(c, keys) {
  c.tabIndex = 0;
  c.setAttribute("role", "application");
  c.addEventListener("keydown", keys);
}

// heat draws a matrix of cells. shade returns the color of a value.
export function heat(rows, cols, value, shade, cell, label) {
  const c = el("canvas", { width: Math.max(cols, 1), height: Math.max(rows, 1), role: "img", "aria-label": label });
  c.style.width = cols * cell[0] + "px";
  c.style.height = rows * cell[1] + "px";
  c.style.imageRendering = "pixelated";
  const g = c.getContext("2d");
  const image = g.createImageData(Math.max(cols, 1), Math.max(rows, 1)), words = new Uint32Array(image.data.buffer);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) words[i * cols + j] = shade(value(i, j));
  g.putImageData(image, 0, 0);
  return c;
}

// ramp returns 256 colors from a to b, as heat wants them: the bytes of red, green, blue and opacity in one number.
function ramp(a, b) {
  const bytes = new Uint8Array(4 * 256);
  for (let i = 0; i < 256; i++) bytes.set([...mix(a, b, i / 255), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

const step = (v) => (v > 1 ? 255 : v > 0 ? Math.round(255 * v) : 0);

// legend explains colors of style.css: pairs of a color and its meaning.
export const legend = (...pairs) => el("p", { class: "legend" }, pairs.map(([name, text]) => {
  const key = el("i", { "aria-hidden": "true" });
  key.style.background = `var(--${name})`;
  return el("span", {}, key, text);
}));

// scale explains the colors of a heat map from low to high.
export const scale = (low, high, kind) => el("p", { class: "legend" }, el("span", {}, low, el("i", { class: "scale " + kind, "aria-hidden": "true" }), high));

// shades returns a function from 0…1 to a color of heat.
export function shades() {
  const all = ramp(rgb(color("heat0")), rgb(color("heat1")));
  return (v) => all[step(v)];
}

// signed returns a function from −1…1 to a color of heat, for values around 0.
export function signed() {
  const low = ramp(rgb(color("heat0")), rgb(color("minus"))), high = ramp(rgb(color("heat0")), rgb(color("plus")));
  return (v) => (v < 0 ? low[step(-v)] : high[step(v)]);
}

// later returns a function that calls f when no call has followed for some milliseconds.
export function later(f, ms) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), ms);
  };
}

// idle waits until the page has time, so that a long task becomes short ones.
export const idle = () => new Promise((go) => (window.requestIdleCallback ? requestIdleCallback(go, { timeout: 100 }) : setTimeout(go)));

// amount writes a large number with a unit: 36.9 MFLOP.
export function amount(n, unit) {
  let k = 0;
  for (; n >= 999.5 && k < 4; k++) n /= 1000;
  return `${n >= 10 || k === 0 ? Math.round(n) : n.toFixed(1)} ${["", "K", "M", "G", "T"][k]}${unit}`;
}

// number writes a number with a few digits.
export function number(v, digits = 3) {
  if (v === null || v === undefined) return "–";
  if (v === -Infinity) return "−∞";
  if (!Number.isFinite(v)) return "–";
  const a = Math.abs(v);
  const text = a !== 0 && (a >= 1e5 || a < 1e-4) ? v.toExponential(2) : v.toFixed(a >= 100 ? 1 : digits);
  return text.replace("-", "−");
}

// count writes a whole number with separators.
export const count = (v) => v.toLocaleString("en");

// names returns the texts of tokens. Tokens that are parts of one character are numbered.
export function names(tokens) {
  const all = new Map();
  for (const x of tokens) all.set(x.span, (all.get(x.span) || 0) + 1);
  const seen = new Map();
  return tokens.map((x) => {
    if (x.span === undefined || all.get(x.span) === 1) return visible(x.text);
    seen.set(x.span, (seen.get(x.span) || 0) + 1);
    return `${visible(x.text)} ${seen.get(x.span)}/${all.get(x.span)}`;
  });
}

// room returns the width in CSS pixels that a picture may take in an element.
export const room = (e, most) => Math.max(200, Math.min(most, (e.clientWidth || most) - 4));

// ticks returns round numbers between low and high, about n.
export function ticks(low, high, n) {
  const rough = (high - low) / n, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) || rough;
  const all = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) all.push(k * step);
  return all;
}

// visible shows spaces and line ends of a token, and the numbers of characters that no one sees.
export const visible = (text) => (text === "" ? "∅" : text.replace(/^(?:[^\P{C}\n\t]|[^\P{Z} ])+$/u, (all) => [...all].map((c) => "U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")).join(" ")).replaceAll("\n", "⏎").replaceAll("\t", "⇥").replace(/^ | $/g, "␣"));
