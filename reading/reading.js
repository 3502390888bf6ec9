// Puts live figures, predictions and arguments in the place of what a page holds without a script.

const NEAR = "1200px"; // how far from the screen a figure begins to come alive
const STATE = /^#([a-z][a-z0-9-]*)[;:](.+=.*)$/; // of a link: #decay-rate;eta=1;lmbda=50

const alive = new Map(); // figure of the page -> promise of its model
const open = new Map(); // question -> whether it is still to be answered

const all = (selector) => [...document.querySelectorAll(selector)];

function widget(render, model, place) {
  const el = document.createElement("div");
  render({ model, el });
  place.replaceChildren(el);
}

// What is asked live stands in the place of the form, not in it: that is a card already.
function askLive(render, model, form) {
  const place = Object.assign(document.createElement("div"), { className: "rd-asked" });
  form.replaceWith(place);
  widget(render, model, place);
}

const moves = (figure) => STORED.includes(figure.dataset.preset.split(" ")[0]);
const isCovered = (figure) => JSON.parse(figure.dataset.covered).some((question) => open.get(question));

async function enliven(figure) {
  const { clientWidth, dataset: { preset } } = figure;
  const width = WIDTHS.findLast((one) => one <= clientWidth) ?? WIDTHS[0];
  const shown = { preset, covered: isCovered(figure), projector: PROJECTOR, width };
  const inPython = openInPython && await live(figure, { get: () => shown }).catch(() => null);
  if (inPython) return inPython;
  const model = await figureModel(preset.split(" ")[0], shown); // also while a Python is lost
  put(figure, model, said);
  return model;
}

function put(figure, model, words) {
  widget(figureWidget.render, model, figure);
  const foot = Object.assign(document.createElement("div"), { className: "rd-foot" });
  foot.append(copyLink(model), ...beyond(figure, words));
  figure.append(foot);
}

// Python, where a page can have one: from then on it draws the figures, and nothing need be stored.

let openInPython = null; // how it opens a figure, once it is there
let isAsked = source.isAutomatic;
let said = source.offer; // what is to be read under a figure that it does not draw

const feet = () => all(".rd-beyond");

function say(words) {
  said = words;
  feet().forEach((one) => (one.textContent = words));
}

// What stands under a figure of its Python: words, or a button that asks for it.
function beyond(figure, words) {
  if (!source.isThere || !words) return [];
  const place = document.createElement(source.isAutomatic ? "span" : "button");
  Object.assign(place, { className: "rd-beyond", textContent: words });
  if (!source.isAutomatic) {
    place.classList.add("rd-copy");
    Object.assign(place, { type: "button", disabled: isAsked, onclick: () => begin(figure),
      title: "Starts Python in this page. What is stored here are some settings." });
  }
  return [place];
}

async function begin(first) {
  isAsked = true;
  feet().forEach((one) => (one.disabled = true));
  try {
    await source.connect({ stage: say, ready: (open) => goOnInPython(open, first) });
  } catch (error) {
    say(`Python did not start: ${error.message}.`);
  }
}

// All figures go on from where they stand; the one that was asked for comes first.
async function goOnInPython(open, first) {
  openInPython = open;
  for (const figure of new Set([...(first ? [first] : []), ...alive.keys()])) {
    const before = alive.get(figure);
    alive.set(figure, before.then((model) => live(figure, model)).catch(() => before));
    await alive.get(figure);
  }
  all(".rd-figure:has(.rd-still)").forEach(comeAlive);
}

// `before` is the model that it is shown by until then, and may still be moved in the meantime.
async function live(figure, before) {
  const first = before.get("_shown");
  const inPython = await openInPython(first);
  const { preset, covered, wished } = before.get("_shown");
  const model = covering(inPython, covered);
  const field = document.activeElement.id?.match(/-([a-z_]+)$/)?.[1]; // the handle that has the focus
  const hadFocus = figure.contains(document.activeElement);
  figure.classList.add("rd-live");
  put(figure, model, source.live);
  const text = wished || preset;
  if (text !== first.preset) model.send({ kind: "set", text });
  if (hadFocus) figure.querySelector(field ? `.fe [id$="-${field}"]` : ".fe :is(input, select)")?.focus();
  return model;
}

function comeAlive(figure) {
  if (!alive.has(figure)) {
    alive.set(figure, enliven(figure).catch((error) => {
      alive.delete(figure); // so that it is tried again when it comes into sight again
      figure.querySelector(".rd-still")?.remove();
      figure.append(Object.assign(document.createElement("p"), { className: "rd-still", textContent:
        `This picture does not move: ${error.message}` }));
    }));
  }
  return alive.get(figure);
}

function copyLink(model) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "rd-copy", textContent: "Copy a link to this" });
  button.onclick = async () => {
    const hash = `#${model.get("_shown").preset.replaceAll(" ", ";")}`;
    history.replaceState(null, "", hash);
    // There is no clipboard for pages of plain http, such as a class has, or where it is denied.
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    button.textContent = copied ? "Copied" : "It is in the address line now";
    setTimeout(() => (button.textContent = "Copy a link to this"), 2000);
  };
  return button;
}

async function cover(question, isOpen) {
  if (open.get(question) === isOpen) return;
  open.set(question, isOpen);
  for (const [figure, model] of alive) {
    if (JSON.parse(figure.dataset.covered).includes(question)) (await model)?.send({ kind: "cover", on: isCovered(figure) });
  }
}

function ask(form) {
  const about = JSON.parse(form.querySelector("script").textContent);
  open.set(about.question, true);
  const model = predictionModel(about);
  model.on("change", () => cover(about.question, !model.get("outcome")));
  askLive(predictionWidget.render, model, form);
}

function argue(form) {
  askLive(argumentWidget.render, argumentModel(JSON.parse(form.querySelector("script").textContent)), form);
}

// A link with a state leads to the figure, set so.
async function follow() {
  const [, name, values] = decodeURIComponent(location.hash).match(STATE) ?? [];
  const figure = name && document.getElementById(name);
  if (!figure || !moves(figure)) return;
  await comeAlive(figure);
  figure.scrollIntoView({ block: "start" });
  const text = [name, ...values.split(/[;&]/)].join(" ");
  figure.querySelector(".fe")?.dispatchEvent(new CustomEvent("fe-set", { detail: text }));
}

// The browser keeps guesses, for when a page is opened again, and forgets them when told to.
function offerToForget() {
  const kept = () => Object.keys(localStorage).filter((key) => key.startsWith("first-epochs, guess: "));
  const button = Object.assign(document.createElement("button"), { type: "button", className: "rd-forget",
    textContent: "Forget all my guesses, on all pages" });
  button.onclick = () => {
    kept().forEach((key) => localStorage.removeItem(key));
    location.reload();
  };
  document.querySelector(".rd-footer").append(button);
  const show = () => (button.hidden = kept().length === 0);
  document.addEventListener("click", () => setTimeout(show));
  show();
}

// The lab lies beside the pages on a host. From a disk a browser would not let it run.
function withoutLab(link) {
  link.removeAttribute("href");
  link.dataset.lab = "";
  link.append(" (only on the web)");
}

if (!source.isThere) all("a[href^='lab/']").forEach(withoutLab);
all(".rd-prediction").forEach(ask);
all(".rd-argument").forEach(argue);
const watcher = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting)
  .forEach(({ target }) => comeAlive(target)), { rootMargin: NEAR });
all(".rd-figure").filter(moves).forEach((figure) => watcher.observe(figure));
addEventListener("hashchange", follow);
follow();
if (source.isAutomatic) begin();
try {
  offerToForget();
} catch {} // a browser that keeps nothing for a page
