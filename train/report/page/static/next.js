// Section 5: the next token.
import { ask } from "./api.js";
import { el, later, number, visible } from "./dom.js";
import { guard, question, setText, state } from "./main.js";
import { t } from "./words.js";

const sampling = { temperature: 1, topK: 0, topP: 0, minP: 0 };
let bars, kept, early, scored, serial = 0;

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
    el("div", { class: "row" }, slider("temperature", 0, 2, 0.05), slider("topK", 0, 40, 1), slider("topP", 0, 1, 0.01), slider("minP", 0, 0.5, 0.01)),
    kept, bars, el("h3", {}, t("early")), early, el("h3", {}, t("scored")), scored);
}

async function ask5() {
  if (!state.reading || state.about.kind === "pictures" || state.reading.tokens.length === 0) return;
  const mine = ++serial;
  const r = await ask("next", { ...question(), ...sampling });
  if (mine !== serial) return;
  const most = Math.max(...r.choices.map((c) => Math.max(c.probability, c.modelProbability)), 1e-9);
  const width = (v) => (e) => { e.style.width = 100 * v / most + "%"; return e; };
  bars.replaceChildren(...r.choices.slice(0, 20).map((c) => el("button", {
    type: "button", class: "bar-row" + (c.probability === 0 ? " dropped" : ""), "data-id": c.id, "data-p": c.probability,
    "aria-label": t("choiceLabel", visible(c.text), number(100 * c.probability, 2)),
    title: `logit ${number(c.logit)}, ${number(100 * c.modelProbability, 2)} %`, onclick: () => follow(c.text) },
    el("span", { class: "text" }, visible(c.text)),
    el("span", { class: "track" }, width(c.probability)(el("span", { class: "fill" })), width(c.modelProbability)(el("span", { class: "before" }))),
    el("span", { class: "number" }, number(100 * c.probability, 2) + " %"))));
  kept.textContent = t("kept", r.kept);
}

const soon = later(() => guard(ask5), 40);

// follow goes on with a token.
const follow = (text) => setText(state.text + text);

function show() {
  const r = state.reading;
  if (!bars || !r) return;
  guard(ask5);
  early.replaceChildren(r.early.length === 0 ? el("p", { class: "label" }, t("noEarly")) : el("table", {}, el("tbody", {}, r.early.map((e) =>
    el("tr", {}, el("td", {}, e.path), e.guesses.map((g) => el("td", {}, `${visible(g.text)} ${number(100 * g.probability, 1)} %`)))))));
  // logprob 0 is sure and light, −10 and below is surprising and strong
  scored.replaceChildren(...r.tokens.map((x, i) => {
    const b = el("button", { type: "button", class: "token", title: x.logprob === null ? "" : `log p = ${number(x.logprob)}`, onclick: () => { state.query = i; } },
      visible(x.text), el("small", {}, x.logprob === null ? "" : number(x.logprob, 2)));
    b.style.background = `color-mix(in srgb, var(--minus) ${x.logprob === null ? 0 : Math.round(Math.min(1, -x.logprob / 10) * 70)}%, var(--card))`;
    return b;
  }));
}

export const next = { name: "next", begin, show, wanted: (about) => about.kind === "causal" || about.kind === "pairs" || about.kind === "encoder" };
