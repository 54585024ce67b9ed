// Section 5: the next token.
import { ask } from "./api.js";
import { count, el, later, number, visible } from "./dom.js";
import { guard, question, setText, state } from "./main.js";
import { t } from "./words.js";

const sampling = { temperature: 1, topK: 0, topP: 0, minP: 0 };
let bars, kept, early, scored, serial = 0;

// draws reports whether the result is drawn at random.
const draws = () => state.about.predicts !== "class";

function slider(name, low, high, step) {
  const output = el("output", { for: name });
  const show = () => { output.textContent = sampling[name] === 0 && name !== "temperature" ? t("off") : String(sampling[name]); };
  const input = el("input", { type: "range", id: name, min: low, max: high, step, value: sampling[name],
    oninput: (e) => { sampling[name] = Number(e.target.value); show(); soon(); } });
  show();
  return el("div", { class: "field" }, el("label", { for: name }, t(name), " ", output), input);
}

function begin(body) {
  bars = el("div", { class: "bars", id: "bars" });
  kept = el("p", { class: "readout", "aria-live": "polite" });
  early = el("div", { class: "scroll" });
  scored = el("div", { class: "tokens" });
  body.replaceChildren(
    ...(draws() ? [el("div", { class: "row" }, slider("temperature", 0, 2, 0.05), slider("topK", 0, 40, 1), slider("topP", 0, 1, 0.01), slider("minP", 0, 0.5, 0.01))] : []),
    kept, el("div", { class: "columns" }, el("div", {}, bars), ...(state.about.kind === "causal" ? [el("div", {}, el("h3", {}, t("early")), early)] : [])),
    ...(["token", "mask"].includes(state.about.predicts) ? [el("h3", {}, t("scored." + state.about.predicts)), scored] : []));
}

async function ask5() {
  if (!state.reading) return;
  const mine = ++serial;
  const r = await ask("next", { ...question(), place: state.place, ...(draws() ? sampling : { temperature: 1, topK: 0, topP: 0, minP: 0 }) });
  if (mine !== serial) return;
  const most = Math.max(...r.choices.map((c) => Math.max(c.probability, c.modelProbability)), 1e-9);
  const width = (v) => (e) => { e.style.width = 100 * v / most + "%"; return e; };
  bars.replaceChildren(...r.choices.slice(0, 20).map((c) => el("button", {
    type: "button", class: "bar-row" + (c.probability === 0 ? " dropped" : ""), "data-id": c.id, "data-p": c.probability,
    "aria-label": t("choiceLabel", visible(c.text), number(100 * c.probability, 2)),
    title: `logit ${number(c.logit)}, ${number(100 * c.modelProbability, 2)} %`, disabled: state.about.predicts === "class", onclick: () => follow(c.text) },
    el("span", { class: "text" }, visible(c.text)),
    el("span", { class: "track" }, width(c.probability)(el("span", { class: "fill" })), Math.abs(c.modelProbability - c.probability) > 0.002 * most ? width(c.modelProbability)(el("span", { class: "before" })) : null),
    el("span", { class: "number" }, number(100 * c.probability, 2) + " %"))));
  const at = state.reading.tokens[r.place];
  kept.textContent = draws() ? t("at." + state.about.predicts, at ? visible(at.text) : "") + " " + t("kept", count(r.kept)) : "";
  for (const b of scored.children) b.classList.toggle("lit", r.place >= Number(b.dataset.from) && r.place <= Number(b.dataset.to));
}

const soon = later(() => guard(ask5), 40);

// follow goes on with a token or an item, or puts a word in the place of the first mask.
function follow(text) {
  const { predicts, mask } = state.about;
  if (predicts === "token") setText(state.text + text);
  else if (predicts === "item") setText(state.text.trim() + " " + text);
  else if (mask !== "" && state.text.includes(mask)) setText(state.text.replace(mask, () => text.trim()));
}

// guess shows a token with its probability as a bar.
function guess(g) {
  const e = el("td", { class: "weight" }, `${visible(g.text)} ${number(100 * g.probability, 0)} %`);
  e.style.setProperty("--w", g.probability);
  return e;
}

// characters groups the tokens that are parts of one character.
function characters(tokens) {
  const all = [];
  tokens.forEach((x, i) => {
    if (i > 0 && x.span === tokens[i - 1].span) {
      all.at(-1).to = i;
      all.at(-1).parts.push(x);
    } else all.push({ from: i, to: i, parts: [x] });
  });
  return all;
}

// surprise returns the background of a token with a log-probability: 0 is sure and plain, −10 and below is strong.
export const surprise = (logprob) => `color-mix(in srgb, var(--minus) ${Math.round(Math.min(1, -logprob / 10) * 45)}%, var(--card))`;

function show() {
  const r = state.reading;
  if (!bars || !r) return;
  guard(ask5);
  early.replaceChildren(r.early.length === 0 ? el("p", { class: "label" }, t("noEarly")) : el("table", { id: "early" }, el("tbody", {}, r.early.map((e, i) =>
    el("tr", {}, el("th", { scope: "row", title: e.path }, i === 0 ? t("beforeLayers") : e.path), e.guesses.map((g) => guess(g)))))));
  scored.replaceChildren(...characters(r.tokens).map(({ from, to, parts }) => {
    const known = parts.filter((x) => x.logprob !== null).map((x) => x.logprob);
    const b = el("button", { type: "button", class: "token", "data-from": from, "data-to": to, title: known.map((v) => `log p = ${number(v)}`).join("\n"),
      onclick: () => { state.place = to; guard(ask5); } }, visible(parts[0].text), el("small", {}, known.map((v) => number(v, 1)).join(" ") || "–"));
    b.style.background = surprise(known.reduce((a, v) => a + v, 0) / Math.max(1, known.length));
    return b;
  }));
}

export const next = { name: "next", begin, show, wanted: (about) => about.predicts !== "", title: (about) => (about.predicts === "token" ? "next" : "next." + about.predicts) };
