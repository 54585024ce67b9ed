// The guided tour: it marks the real element and waits for the reader.
import { el } from "./dom.js";
import { guard, state } from "./main.js";
import { open } from "./attention.js";
import { light } from "./embeddings.js";
import { t } from "./words.js";

// stops lists the name of each stop, the element that it marks, and what to do before.
const stops = [
  ["text", "#text-field"],
  ["tokenizing", "#own-tokens"],
  ["vocabulary", "#cuts"],
  ["unknown", "#cuts"],
  ["embedding", "#vectors"],
  ["neighbours", "#nearest", () => state.word < 0 && state.reading?.tokens.length > 0 && light(state.reading.tokens[0].id)],
  ["position", "#section-positions"],
  ["heads", "#heads"],
  ["query", "#head", () => state.attention === null && state.reading?.attentions.length > 0 && open(0, 0)],
  ["key", "#numbers"],
  ["value", "#numbers"],
  ["layers", "#early"],
  ["logits", "#bars"],
  ["sampling", "#temperature"],
  ["graph", "#section-graph"],
  ["training", "#section-training"],
  ["time", "#step-field"],
];

let box = null, at = 0, before = null;

export function startTour() {
  before = document.activeElement;
  show(0);
}

function end() {
  box?.remove();
  box = null;
  unmark();
  document.removeEventListener("keydown", keys);
  before?.focus();
}

const unmark = () => document.querySelectorAll(".spot").forEach((e) => e.classList.remove("spot"));

function keys(e) {
  if (e.key === "Escape") end();
  else if (e.key === "ArrowRight" && e.target.closest("#tour")) show(at + 1);
  else if (e.key === "ArrowLeft" && e.target.closest("#tour")) show(at - 1);
}

async function show(i) {
  const there = (where) => document.querySelector(where)?.checkVisibility();
  const present = stops.filter(([, where]) => there(where) || (["#head", "#numbers"].includes(where) && there("#heads")));
  if (i < 0 || present.length === 0) return;
  if (i >= present.length) return end();
  at = i;
  const [name, where, prepare] = present[i];
  await guard(async () => { if (prepare) await prepare(); });
  unmark();
  const spot = document.querySelector(where);
  spot?.classList.add("spot");
  spot?.scrollIntoView({ block: spot.offsetHeight > innerHeight / 2 ? "start" : "center" });
  const own = ["token", "item"].includes(state.about.predicts) ? "" : "." + state.about.predicts; // a model with another result has its own words
  const key = t("tour." + name + own).startsWith("tour.") ? "tour." + name : "tour." + name + own;
  const [title, text] = t(key).split("|");
  const button = (key, f) => el("button", { type: "button", id: "tour-" + key, onclick: f }, t("tour." + key));
  const next = el("div", { id: "tour", role: "dialog", "aria-labelledby": "tour-title", "aria-describedby": "tour-text", "data-stop": name },
    el("h2", { id: "tour-title" }, title), el("p", { id: "tour-text" }, text),
    el("div", { class: "row" }, button("back", () => show(at - 1)), el("span", { class: "label" }, t("tour.place", i + 1, present.length)), el("span", {}, button("end", end), " ", button("next", () => show(at + 1)))));
  if (box) box.replaceWith(next);
  else {
    document.body.append(next);
    document.addEventListener("keydown", keys);
  }
  box = next;
  box.querySelector("#tour-next").focus();
}
