// Section 1: text → tokens → ids.
import { count, el, idle, number, visible } from "./dom.js";
import { state } from "./main.js";
import { t } from "./words.js";
import { light } from "./embeddings.js";

// mostSpans bounds the spans that a comparison shows.
const mostSpans = 120;

function spans(cut, own) {
  const all = (own ? cut.spans : cut.spans.slice(0, mostSpans)).map((s, i) => s.ids.length === 0 ? el("span", { class: "dropped", title: t("dropped") }, visible(s.text)) : el(own ? "button" : "span", {
    class: `token c${i % 6}` + (s.unknown ? " unknown" : ""), title: s.tokens.map((x, k) => `${visible(x)} = ${s.ids[k]}`).join("\n"),
    ...(own ? { type: "button", "data-span": i, "aria-label": `${s.text}: ${s.ids.join(", ")}` } : {}),
  }, visible(s.text), own || s.ids.length > 1 ? el("small", {}, s.ids.join(" ")) : null));
  if (all.length < cut.spans.length) all.push(el("span", { class: "label" }, " " + t("more", count(cut.spans.length - all.length))));
  return all;
}

// group returns the spans of the model's own tokens. One listener of each kind serves them all.
function group(cut) {
  const of = (e) => cut.spans[e.target.closest("[data-span]")?.dataset.span];
  const marks = (on) => (e) => { const s = of(e); if (s) mark(s, cut, on); };
  return el("div", { class: "tokens", id: "own-tokens", role: "group", "aria-label": t("tokensOf"), onmouseover: marks(true), onmouseout: marks(false),
    onfocusin: marks(true), onfocusout: marks(false), onclick: (e) => { const s = of(e); if (s) light(s.ids[0]); } }, spans(cut, true));
}

// nameOf returns the name of a way of cutting.
const nameOf = (c) => (["characters", "words"].includes(c.name) ? t("cut." + c.name) : c.name.startsWith("subwords") ? t("cut.subwords", c.name.slice(9)) : c.name.replace("model", t("model")));

let row; // says which rows of the vocabulary a span is

// mark names the rows of a span's ids and lights them wherever they are shown.
function mark(s, cut, on) {
  row.textContent = on ? s.ids.map((id, k) => t("rowOf", visible(s.tokens[k]), count(id), count(cut.vocabulary))).join(" ") : t("rowHelp");
  for (const id of s.ids) for (const e of document.querySelectorAll(`[data-id="${id}"]`)) e.classList.toggle("lit", on);
}

// table lists the tokens. Its rows are made when the reader opens it.
function table(cut) {
  const rows = () => cut.spans.flatMap((s) => s.ids.map((id, k) => el("tr", { "data-id": id }, el("td", {}, visible(s.tokens[k])), el("td", {}, String(id)))));
  const body = el("tbody", {});
  return el("details", { ontoggle: () => { if (!body.firstChild) body.append(...rows()); } }, el("summary", {}, t("tokenTable")),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, t("token")), el("th", {}, t("id")))), body)));
}

// way shows a way of cutting: its numbers, and the pieces.
function way(cut) {
  const figure = (name, value, some) => [el("dt", {}, t(name)), el("dd", { class: some ? "some" : "", "data-figure": name }, value)];
  return el("li", {}, el("div", {}, el("b", {}, nameOf(cut)), el("dl", {}, figure("vocabulary", count(cut.vocabulary)), figure("count", count(cut.count)),
    figure("unknown", count(cut.unknown), cut.unknown > 0), figure("perWord", number(cut.count / Math.max(1, cut.words), 2)))), el("div", { class: "tokens" }, spans(cut, false)));
}

async function show(body) {
  if (!state.cuts?.length) return;
  const cuts = state.cuts, [own, ...others] = cuts;
  const list = el("ul", { class: "cuts", id: "cuts" });
  row = el("p", { class: "readout", "aria-live": "polite" }, t("rowHelp"));
  body.replaceChildren(group(own), row, table(own), ...(others.length > 0 ? [el("h3", {}, t("otherCuts")), list] : []));
  if (others.length === 0) return;
  for (const c of cuts) {
    list.append(way(c));
    if (own.count > 100) await idle();
    if (cuts !== state.cuts) return; // a later answer
  }
}

export const tokens = { name: "tokens", show, wanted: (about) => about.kind !== "pictures" && about.kind !== "none" };
