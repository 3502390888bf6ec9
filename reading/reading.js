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
  const open = await python?.catch(() => null); // if it is starting, it is worth waiting for
  if (open) return live(open, figure, figure.dataset.preset, isCovered(figure));
  const name = figure.dataset.preset.split(" ")[0];
  const width = WIDTHS.findLast((one) => one <= figure.clientWidth) ?? WIDTHS[0];
  const model = await figureModel(name, width, figure.dataset.preset, isCovered(figure));
  put(figure, model);
  if (canCompute) figure.append(offerPython(figure));
  return model;
}

function put(figure, model) {
  widget(figureWidget.render, model, figure);
  figure.append(copyLink(model));
}

// Python, once somebody has asked for it: a promise of a function that opens a figure.
let python;

async function live(open, figure, preset, covered) {
  const model = covering(await open(preset), covered);
  const field = document.activeElement.id?.match(/-([a-z_]+)$/)?.[1]; // the handle that has the focus
  const hadFocus = figure.contains(document.activeElement);
  figure.classList.add("rd-live");
  put(figure, model);
  if (hadFocus) figure.querySelector(field ? `.fe [id$="-${field}"]` : ".fe :is(input, select)")?.focus();
  return model;
}

function offerPython(figure) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "rd-copy rd-compute",
    textContent: "Compute every setting" });
  button.title = "Starts Python in this page. What is stored here are some settings.";
  button.onclick = async () => {
    const say = (words) => all(".rd-compute").forEach((one) => (one.textContent = words));
    all(".rd-compute").forEach((one) => (one.disabled = true));
    say("Starting Python …");
    python = startPython((words) => say(`Starting Python: ${words} …`));
    let open;
    try {
      open = await python;
    } catch (error) {
      python = null;
      say(`Python did not start: ${error.message}.`);
      return;
    }
    // The one that was asked for comes first; all go on from where they stand.
    const figures = [figure, ...[...alive.keys()].filter((one) => one !== figure)];
    for (const one of figures) {
      const { preset, covered } = (await alive.get(one)).get("_shown");
      alive.set(one, live(open, one, preset, covered));
      await alive.get(one);
    }
  };
  return button;
}

function comeAlive(figure) {
  if (!alive.has(figure)) {
    alive.set(figure, enliven(figure).catch((error) => {
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
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    button.textContent = navigator.clipboard ? "Copied" : "It is in the address line now";
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

// The lab lies beside the pages on a host. From a disk a browser would not let it run, and a page that
// stands in for a live one has none.
function withoutLab(link) {
  link.removeAttribute("href");
  link.dataset.lab = "";
  link.append(" (only on the web)");
}

if (!canCompute) all("a[href^='lab/']").forEach(withoutLab);
all(".rd-prediction").forEach(ask);
all(".rd-argument").forEach(argue);
const watcher = new IntersectionObserver((seen) => seen.filter((one) => one.isIntersecting)
  .forEach(({ target }) => comeAlive(target)), { rootMargin: NEAR });
all(".rd-figure").filter(moves).forEach((figure) => watcher.observe(figure));
addEventListener("hashchange", follow);
follow();
try {
  offerToForget();
} catch {} // a browser that keeps nothing for a page
