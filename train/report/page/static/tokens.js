// Section 1: text → tokens → ids.
import { count, el, number, visible } from "./dom.js";
import { state } from "./main.js";
import { t } from "./words.js";
import { light } from "./embeddings.js";

function spans(cut, own) {
  return cut.spans.map((s, i) => s.ids.length === 0 ? el("span", { class: "dropped", title: t("dropped") }, visible(s.text)) : el(own ? "button" : "span", {
    class: `token c${i % 6}` + (s.unknown ? " unknown" : ""), title: s.tokens.map((x, k) => `${visible(x)} = ${s.ids[k]}`).join("\n"),
    ...(own ? {
      type: "button", "aria-label": `${s.text}: ${s.ids.join(", ")}`, onclick: () => light(s.ids[0]),
      onmouseenter: () => mark(s, cut, true), onmouseleave: () => mark(s, cut, false), onfocus: () => mark(s, cut, true), onblur: () => mark(s, cut, false),
    } : {}),
  }, visible(s.text), own || s.ids.length > 1 ? el("small", {}, s.ids.join(" ")) : null));
}

// nameOf returns the name of a way of cutting.
const nameOf = (c) => (["characters", "words"].includes(c.name) ? t("cut." + c.name) : c.name.startsWith("subwords") ? t("cut.subwords", c.name.slice(9)) : c.name.replace("model", t("model")));

let row; // says which rows of the vocabulary a span is

// mark names the rows of a span's ids and lights them wherever they are shown.
function mark(s, cut, on) {
  row.textContent = on ? s.ids.map((id, k) => t("rowOf", visible(s.tokens[k]), count(id), count(cut.vocabulary))).join(" ") : t("rowHelp");
  for (const id of s.ids) for (const e of document.querySelectorAll(`[data-id="${id}"]`)) e.classList.toggle("lit", on);
}

function show(body) {
  if (!state.cuts?.length) return;
  const [own, ...others] = state.cuts;
  const parts = [el("div", { class: "tokens", id: "own-tokens", role: "group", "aria-label": t("tokensOf") }, spans(own, true)), row = el("p", { class: "readout", "aria-live": "polite" }, t("rowHelp"))];
  const rows = own.spans.flatMap((s) => s.ids.map((id, k) => el("tr", { "data-id": id }, el("td", {}, visible(s.tokens[k])), el("td", {}, String(id)))));
  parts.push(el("details", {}, el("summary", {}, t("tokenTable")),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, t("token")), el("th", {}, t("id")))), el("tbody", {}, rows)))));
  if (others.length > 0) parts.push(el("h3", {}, t("otherCuts")), el("div", { class: "scroll" }, el("table", { id: "cuts" },
    el("thead", {}, el("tr", {}, ["cut", "vocabulary", "count", "unknown", "perWord"].map((k) => el("th", {}, t(k))))),
    el("tbody", {}, state.cuts.map((c) => el("tr", {}, el("td", {}, nameOf(c)), el("td", {}, count(c.vocabulary)), el("td", {}, count(c.count)),
      el("td", {}, count(c.unknown)), el("td", {}, number(c.count / Math.max(1, c.words), 2))))))));
  for (const c of others) parts.push(el("p", { class: "label" }, nameOf(c)), el("div", { class: "tokens" }, spans(c, false)));
  body.replaceChildren(...parts);
}

export const tokens = { name: "tokens", show, wanted: (about) => about.kind !== "pictures" && about.kind !== "none" };
