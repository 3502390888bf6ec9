// Keys for a lecture. JupyterLab hears none while a slider or a button has the focus, or when what
// had it is gone, and it does not know the keys of a clicker (PageDown and PageUp).

const WAYS = {
  PageDown: "forward", ArrowRight: "forward", " ": "forward",
  PageUp: "back", ArrowLeft: "back",
};

// What has the focus keeps these keys for itself. The first line that fits counts.
const KEPT = [
  ["input[type=range]", /^Arrow/],
  ["button, summary", /^ $/],
  ["input, select, textarea, [contenteditable=true]", /^Arrow| /],
];

// Who has pressed a button or chosen something with the mouse goes on with the keys, until the
// focus moves.
let pressed = null;
window.addEventListener("focusout", () => { pressed = null; }, true);
window.addEventListener("click", ({ target, detail }) => {
  pressed = detail > 0 ? target.closest?.("button, summary, select") : null; // a key's click has 0
}, true);

// Of an argument one step is shown at a time: where there is another, a key goes to that.
const seen = (one) => one.checkVisibility({ visibilityProperty: true });
const argument = () => [...document.querySelectorAll(".jp-Deck .fx-steps")].find(seen);
const isSet = (steps) => steps.querySelector("[data-now]");

function goTo(step) {
  isSet(step.parentElement)?.removeAttribute("data-now");
  step.dataset.now = "";
}

function goAlong(way) {
  const now = argument()?.querySelector("[data-now]");
  const next = way === "forward" ? now?.nextElementSibling : now?.previousElementSibling;
  if (next) goTo(next);
  return Boolean(next);
}

new MutationObserver(() => {
  for (const steps of document.querySelectorAll(".jp-Deck .fx-steps ol")) {
    if (!isSet(steps)) steps.firstElementChild.dataset.now = "";
  }
}).observe(document.body, { childList: true, subtree: true });

window.addEventListener("keydown", (event) => {
  const way = event.key === " " && event.shiftKey ? "back" : WAYS[event.key];
  const kept = KEPT.find(([selector]) => event.target.matches?.(selector));
  const remote = document.querySelector(`.jp-Deck-Remote .jp-deck-mod-direction-${way}`);
  if (!way || !remote) return;
  if (event.target !== pressed && kept?.[1].test(event.key)) return;
  event.preventDefault(); // which JupyterLab heeds: it does not move on once more
  event.stopPropagation();
  if (!goAlong(way)) remote.click();
}, true);
