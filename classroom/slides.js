// Keys for a lecture, and the window with notes. JupyterLab hears no keys while a slider or a button
// has the focus, or when what had it is gone, and it does not know those of a clicker (PageDown and
// PageUp). KINDS, which slides.py puts in front of this, says of each cell whether it is a slide.

const WAYS = {
  PageDown: "forward", ArrowRight: "forward", " ": "forward",
  PageUp: "back", ArrowLeft: "back",
};

// What has the focus keeps these keys for itself. The first line that fits counts.
const KEPT = [
  ["input[type=range]", /^Arrow/],
  ["input[type=radio]", /^Arrow| /],
  ["button, summary", /^ $/],
  ["input, select, textarea, [contenteditable=true]", /^Arrow|^.$/],
];

// Who has pressed a button or chosen something with the mouse goes on with the keys, until the
// focus moves.
let pressed = null;
window.addEventListener("focusout", () => { pressed = null; }, true);
window.addEventListener("click", ({ target, detail }) => {
  pressed = detail > 0 ? target.closest?.("button, summary, select") : null; // a key's click has 0
}, true);

// A clicker's key for a dark screen: it lets a figure that trains go on, or rest.
const PLAYS = ["b", "."];

function play(event) {
  event.preventDefault(); // in JupyterLab "b" makes a cell
  event.stopPropagation();
  const button = cells()[current()]?.querySelector(".fe-player button");
  if (button?.checkVisibility({ visibilityProperty: true })) button.click();
}

const cells = () => [...document.querySelectorAll(".jp-Deck .jp-Notebook .jp-Cell")];
const current = () => cells().findIndex((cell) => cell.matches(".jp-deck-mod-onscreen"));

// On a slide there may be more to show before a key moves on. A covered figure is uncovered, since a
// clicker has no pointer; but it is asked only once: one that does not answer must not hold up a
// class. Of an argument one step is shown at a time: where there is another, a key goes to that.
function goAlong(way) {
  const slide = cells()[current()];
  const cover = slide?.querySelector(".fe-cover button:not([data-asked])");
  if (way === "forward" && cover?.checkVisibility()) {
    cover.dataset.asked = "";
    cover.click();
    return true;
  }
  const now = slide?.querySelector(".fx-step[data-now]");
  const next = way === "forward" ? now?.nextElementSibling : now?.previousElementSibling;
  if (!next) return false;
  delete now.dataset.now;
  next.dataset.now = "";
  return true;
}

new MutationObserver(() => {
  for (const steps of document.querySelectorAll(".jp-Deck .fx-steps ol:not(:has([data-now]))")) {
    steps.firstElementChild.dataset.now = "";
  }
}).observe(document.body, { childList: true, subtree: true });

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's: another tab, for one
  const kept = KEPT.find(([selector]) => event.target.matches?.(selector));
  if (event.target !== pressed && kept?.[1].test(event.key)) return;
  if (event.key === "n") return openNotes();
  if (PLAYS.includes(event.key)) return play(event);
  const way = event.key === " " && event.shiftKey ? "back" : WAYS[event.key];
  const remote = document.querySelector(`.jp-Deck-Remote .jp-deck-mod-direction-${way}`);
  if (!way || !remote) return;
  event.preventDefault(); // which JupyterLab heeds: it does not move on once more
  event.stopPropagation();
  began ??= Date.now();
  if (!goAlong(way)) remote.click();
}
window.addEventListener("keydown", press, true);

// The window with notes, for the lecturer's own screen: what the text says to this slide, the next
// slide, the time. It hears the same keys, and its links set the figures on the slide.
const PAGE = `
  <header><b id="clock"></b> <span id="since"></span> <span id="place"></span></header>
  <main><section id="notes"></section>
  <section><h4>Next</h4><div class="jp-Deck"><div class="jp-Notebook" id="next"></div></div></section></main>
  <style>
    body { display: grid; grid-template-rows: auto 1fr; height: 100vh; margin: 0; overflow: hidden; }
    header { padding: 0.4em 1em; font: 28px system-ui; border-bottom: 1px solid #999; }
    header span { margin-left: 1.5em; color: #666; }
    main { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; padding: 0 1em; min-height: 0; }
    section { overflow: auto; min-height: 0; }
    #notes { --jp-content-font-size1: 19px; }
    #notes .jp-Cell { all: unset; display: block; }
    #notes .jp-InputPrompt, #notes .jp-Collapser, #notes .jp-InternalAnchorLink { display: none; }
    #next { zoom: 0.46; width: 100vw; pointer-events: none; }
  </style>`;

const copyOf = (cell) => {
  const copy = cell.cloneNode(true);
  copy.classList.add("jp-deck-mod-onscreen", "jp-deck-mod-visible");
  for (const fold of copy.querySelectorAll("details")) fold.open = true;
  return copy;
};

let notes = null; // the window
let began = null; // with the first key: decks are opened before the class comes in

function openNotes() {
  if (notes && !notes.closed) return notes.focus();
  notes = window.open("", "notes", "width=1200,height=700");
  if (!notes) return;
  const styles = [...document.styleSheets].map(({ ownerNode, cssRules }) => // formulas add rules to theirs
    ownerNode.matches("link") ? ownerNode.outerHTML
      : `<style>${[...cssRules].map((rule) => rule.cssText).join("\n")}</style>`);
  notes.document.head.innerHTML = `<base href="${location.href}"><title>Notes</title>`
    + styles.join("");
  notes.document.body.dataset.jpDeckMode = "presenting";
  for (const name of ["jpThemeLight", "jpThemeName"]) {
    notes.document.body.dataset[name] = document.body.dataset[name] ?? "";
  }
  notes.document.body.innerHTML = PAGE;
  notes.addEventListener("keydown", press, true);
  notes.document.addEventListener("click", (event) => {
    const href = event.target.closest?.("a")?.getAttribute("href");
    if (!href) return;
    event.preventDefault();
    if (href.startsWith("#")) document.querySelector(`.jp-Deck a[href="${CSS.escape(href)}"]`)?.click();
  });
  follow();
}

function follow() {
  if (!notes || notes.closed) return;
  const by = (id) => notes.document.getElementById(id);
  const minutes = Math.floor((Date.now() - (began ?? Date.now())) / 60000);
  by("clock").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  by("since").textContent = `${minutes} min`;
  const [all, at] = [cells(), current()];
  if (by("notes").dataset.at === String(at) || at < 0) return;
  by("notes").dataset.at = at;
  const slides = [...KINDS.keys()].filter((i) => KINDS[i] === "slide");
  const next = slides.find((i) => i > at) ?? KINDS.length;
  by("place").textContent = `slide ${slides.indexOf(at) + 1} of ${slides.length}`;
  const said = all.slice(at + 1, next).filter((cell) => cell.matches(".jp-MarkdownCell"));
  const general = all[KINDS.length - 1]; // for the instructor
  by("notes").replaceChildren(...[...new Set([...said, general])].map(copyOf));
  by("next").replaceChildren(...(next < KINDS.length ? [copyOf(all[next])] : []));
}
setInterval(follow, 300);
