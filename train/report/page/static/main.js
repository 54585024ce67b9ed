// The page: what is asked, what is shown, and the sections in the order in which data flows.
import { ask, get } from "./api.js";
import { el, idle, later } from "./dom.js";
import { language, setLanguage, t } from "./words.js";
import { tokens } from "./tokens.js";
import { embeddings } from "./embeddings.js";
import { positions } from "./positions.js";
import { attention } from "./attention.js";
import { next } from "./next.js";
import { graph } from "./graph.js";
import { training } from "./training.js";
import { startTour } from "./tour.js";

// state is what the reader has chosen, and the server's answers to it.
export const state = { about: null, text: "", source: "", picture: 0, step: -1, place: -1, reading: null, query: 0, attention: null, head: 0, word: -1, other: -1 };

// question returns the fields of every question.
export const question = () => ({ text: state.text, source: state.source, picture: state.picture, step: state.step });

// The sections. Each has a name and functions: show draws it after an answer, ask fetches more of its own.
const sections = [tokens, embeddings, positions, attention, next, graph, training];
const drawn = new Map(); // section → its element

export function say(message) {
  document.getElementById("message").textContent = message;
}

// guard runs f and shows its error. An answer that a later question overtook is no error.
export async function guard(f) {
  try {
    await f();
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
  }
}

let asking = null;

// read asks for the text and shows the answer in all sections.
export async function read() {
  const kind = state.about.kind;
  if (kind === "none") return;
  asking?.abort();
  const mine = (asking = new AbortController());
  document.body.dataset.busy = "1";
  const asked = ["text", "source", "step"].map((id) => document.getElementById(id).value);
  await guard(async () => {
    const q = question();
    const [cuts, reading] = await Promise.all([
      kind === "pictures" ? null : ask("tokens", { text: kind === "pairs" ? state.source : state.text }, mine.signal),
      state.text === "" && kind !== "pictures" && kind !== "pairs" ? null : ask("read", q, mine.signal),
    ]);
    say("");
    state.cuts = cuts?.cuts;
    state.reading = reading;
    state.place = -1;
    const n = reading ? reading.tokens.length : 0;
    state.query = Math.max(0, n - 1);
    for (const s of sections) {
      if (n > 100) await idle(); // a long text must not stop the page
      if (asking !== mine) return;
      await s.show?.(drawn.get(s));
    }
  });
  if (asking === mine) {
    delete document.body.dataset.busy;
    document.body.dataset.answered = JSON.stringify(asked); // for programs that drive the page
  }
}

const readSoon = later(read, 150);

function draw() {
  document.documentElement.lang = language();
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t === "text" && t("text." + state.about.kind) !== "text." + state.about.kind ? "text." + state.about.kind : e.dataset.t);
  document.getElementById("language").textContent = t("language");
  document.getElementById("play").setAttribute("aria-label", t("play"));
  const nav = document.getElementById("nav"), main = document.getElementById("main");
  nav.setAttribute("aria-label", t("sections"));
  nav.replaceChildren();
  main.replaceChildren();
  let n = 0; // a model without some sections has no gaps in their numbers
  for (const s of sections) {
    if (s.wanted && !s.wanted(state.about)) continue;
    const body = el("div", { class: "body" });
    const id = "section-" + s.name;
    main.append(el("section", { id, "aria-labelledby": id + "-title" },
      el("h2", { id: id + "-title" }, el("span", { class: "step" }, String(++n)), t(title(s))), el("p", { class: "about" }, t(title(s) + "About")), body));
    nav.append(el("a", { href: "#" + id }, n + " " + t(title(s))));
    visible.observe(main.lastChild);
    drawn.set(s, body);
    s.begin?.(body);
    if (state.reading || state.cuts) s.show?.(body);
  }
  if (state.about.steps.length > 0 || state.about.live) nav.append(el("a", { href: "#step", onclick: (e) => { e.preventDefault(); document.getElementById("step").focus(); } }, n + 1 + " " + t("time")));
  samples();
  const about = state.about, name = about.family === "" ? about.title : t("titleOf", about.family, about.parameters.toLocaleString("en"));
  document.getElementById("title").textContent = name;
  document.title = "Gorgoformer: " + name;
}

// visible marks the link of the section that the reader sees.
const seen = new Set();
const visible = new IntersectionObserver((entries) => {
  for (const e of entries) seen[e.isIntersecting ? "add" : "delete"](e.target.id);
  const links = [...document.querySelectorAll("#nav a")], first = links.find((a) => seen.has(a.hash.slice(1)));
  for (const a of links) {
    if (a === first) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}, { rootMargin: "-30% 0px -60%" });

// title returns the key of a section's title. That of the result depends on the model.
const title = (s) => (s.title ? s.title(state.about) : s.name);

function samples() {
  const list = document.getElementById("samples");
  list.replaceChildren(el("option", { value: "" }, t("choose")), ...state.about.samples.map((s) => el("option", { value: s }, s)));
}

// steps sets the slider over the checkpoints. Its last place is the newest weights.
export function steps() {
  const all = state.about.steps;
  document.getElementById("step-field").hidden = all.length < 1;
  const slider = document.getElementById("step");
  const last = slider.value === slider.max || slider.value === "";
  slider.max = all.length;
  if (last) slider.value = all.length;
  showStep();
}

function showStep() {
  const slider = document.getElementById("step");
  const at = Number(slider.value), all = state.about.steps;
  document.getElementById("step-value").textContent = at >= all.length ? t("newest") : String(all[at]);
  slider.setAttribute("aria-valuetext", document.getElementById("step-value").textContent);
}

let playing = 0;

// play moves the slider through the checkpoints, or stops it.
function play() {
  const slider = document.getElementById("step"), button = document.getElementById("play");
  const stop = () => { clearInterval(playing); playing = 0; button.textContent = "▶"; button.setAttribute("aria-pressed", "false"); };
  const go = (v) => { slider.value = v; slider.dispatchEvent(new Event("input")); };
  if (playing) return stop();
  if (slider.value === slider.max) go(0);
  button.textContent = "⏸";
  button.setAttribute("aria-pressed", "true");
  playing = setInterval(() => {
    if (document.body.dataset.busy) return; // a slow answer is shown first
    if (slider.value === slider.max) stop();
    else go(Number(slider.value) + 1);
  }, 900);
}

// setText changes the text and reads it.
export function setText(text) {
  state.text = text;
  document.getElementById("text").value = text;
  return read();
}

async function begin() {
  state.about = await get("about");
  const about = state.about;
  const reads = !["none", "pictures"].includes(about.kind);
  document.getElementById("source-field").hidden = about.kind !== "pairs";
  document.getElementById("text-field").hidden = !reads;
  document.getElementById("samples-field").hidden = !reads || about.samples.length === 0;
  const pictures = document.getElementById("picture");
  document.getElementById("picture-field").hidden = about.pictures.length === 0;
  pictures.replaceChildren(...about.pictures.map((name, i) => el("option", { value: i }, name)));
  pictures.addEventListener("change", () => { state.picture = Number(pictures.value); read(); });
  const text = document.getElementById("text"), source = document.getElementById("source");
  const first = about.samples.find((s) => /[가-힣]/.test(s) === (language() === "ko")) || about.samples[0] || "";
  if (about.kind === "pairs") state.source = first;
  else state.text = first;
  text.value = state.text;
  source.value = state.source;
  text.addEventListener("input", () => { state.text = text.value; readSoon(); });
  source.addEventListener("input", () => { state.source = source.value; readSoon(); });
  document.getElementById("samples").addEventListener("change", (e) => {
    if (e.target.value === "") return;
    if (about.kind === "pairs") state.source = source.value = e.target.value;
    else state.text = text.value = e.target.value;
    read();
  });
  document.getElementById("step").addEventListener("input", (e) => {
    const all = state.about.steps, at = Number(e.target.value);
    state.step = at >= all.length ? -1 : all[at];
    showStep();
    readSoon();
  });
  document.getElementById("language").addEventListener("click", () => { setLanguage(language() === "ko" ? "en" : "ko"); draw(); steps(); });
  const button = document.getElementById("play");
  button.textContent = "▶";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", play);
  document.getElementById("tour-start").addEventListener("click", startTour);
  draw();
  steps();
  await read();
}

guard(begin);
