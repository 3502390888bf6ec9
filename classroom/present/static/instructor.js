// The instructor's page: it shows what the server says, and sends what is pressed.

import { element, listenTo, post } from "./common.js";

const LABELS = {
  open: "Open the vote", close: "Close the vote", again: "Vote again", reveal: "Reveal",
  forward: "Next question", back: "Question before", bars: "Show the bars", clear: "Forget these votes",
};
const LETTERS = { v: "again", r: "reveal", b: "bars", ".": "bars", o: "open" }; // "b" and ".": a clicker's dark screen
const NEXT = [" ", "ArrowRight", "PageDown"];
const BEFORE = ["ArrowLeft", "PageUp"];
const PHASES = { ready: "Not open yet", open: "Open", closed: "Closed", revealed: "Measured" };

const [which, count, question, legend, bars, outcome, message, steps, clear, join] =
  ["which", "count", "question", "legend", "bars", "outcome", "message", "steps", "clear", "join"]
    .map((id) => document.getElementById(id));
const code = join.querySelector(".code"); // none where only this machine can vote
let [state, isSending] = [null, false];

// What is pressed.

async function send(what) {
  if (isSending) return; // a key that is pressed twice is meant once
  isSending = true;
  const heard = await post("instructor/do", what, message, "The server does not answer.");
  isSending = false;
  if (heard) show(heard);
}

function enlarge() {
  if (code) join.classList.toggle("large");
}

function take(step) {
  if (!state.steps.includes(step)) return;
  if (step === "clear" && !confirm("Forget all votes on this question?")) return;
  send({ do: step });
}

document.addEventListener("keydown", (event) => {
  if (!state || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const on = event.target.closest("select, button, a, summary");
  if (on?.matches("select") || (on && event.key === " ")) return; // their own key
  const step = NEXT.includes(event.key) ? state.next : BEFORE.includes(event.key) ? "back"
    : LETTERS[event.key.toLowerCase()];
  if (event.key.toLowerCase() === "q") enlarge();
  else if (step) take(step);
  else return;
  event.preventDefault();
});
clear.addEventListener("click", () => take("clear"));
which.addEventListener("change", () => send({ go: Number(which.value) }));
code?.addEventListener("click", enlarge);

// What is shown.

function show(next) {
  state = next;
  which.value = state.at;
  which.disabled = state.phase === "open";
  count.textContent = counted();
  question.textContent = state.question;
  legend.replaceChildren(...named());
  bars.replaceChildren(...(state.bars.length ? drawn() : state.options.map((option) => element("li", {}, element("span", { class: "label" }, option)))));
  outcome.textContent = state.outcome;
  document.body.dataset.phase = state.phase;
  paintSteps();
}

function counted() {
  const round = ["open", "closed"].includes(state.phase) ? [`Round ${state.round}`] : [];
  const votes = state.votes.length ? [many(state.votes.at(-1), "vote")] : [];
  return [PHASES[state.phase], ...round, ...votes, `${many(state.here, "page")} here`].join(" · ");
}

function many(number, what) {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

// What the marks of the bars mean, and for numbers the medians.
function named() {
  if (!state.options.length && !state.bars.length) return [`A number${state.unit && `, in ${state.unit}`}.`];
  const rounds = state.bars[0]?.counts.length ?? 0;
  if (rounds < 2 && !state.middle.length) return [];
  return Array.from({ length: rounds }, (_, i) => element("span", { class: `round-${i + 1}` },
    element("i"), ` Round ${i + 1}: ${many(state.votes[i], "vote")}`
      + (state.middle.length ? `, median ${state.middle[i]} ${state.unit}` : "")));
}

function drawn() {
  const totals = state.bars[0].counts.map((_, i) => state.bars.reduce((sum, bar) => sum + bar.counts[i], 0));
  const share = (bar, i) => (totals[i] ? bar.counts[i] / totals[i] : 0);
  const most = Math.max(...state.bars.flatMap((bar) => bar.counts.map((_, i) => share(bar, i)))) || 1;
  return state.bars.map((bar) => element("li", { class: bar.isRight ? "right" : "" },
    element("span", { class: "label" }, bar.isRight ? "✓ " : "", bar.label),
    element("span", { class: "rows" }, ...bar.counts.map((votes, i) => {
      const line = element("i");
      line.style.width = `${(80 * share(bar, i)) / most}%`;
      return element("span", { class: `row round-${i + 1}`, "aria-label": `Round ${i + 1}: ${votes}` }, line,
        `${votes}`);
    }))));
}

// The buttons stay the same ones, or a reader's focus would be lost with each vote.
function paintSteps() {
  const shown = state.steps.filter((step) => step !== "clear");
  const wanted = shown.join(" ") + state.phase + state.showsBars;
  clear.disabled = !state.steps.includes("clear");
  if (steps.dataset.shown === wanted) return;
  const focused = steps.contains(document.activeElement) && document.activeElement.value;
  steps.dataset.shown = wanted;
  steps.replaceChildren(...shown.map((step) => {
    const letter = Object.keys(LETTERS).find((key) => LETTERS[key] === step);
    const isNext = step === state.next;
    const label = step === "bars" && state.showsBars ? "Hide the bars"
      : step === "open" && state.phase === "closed" ? "Reopen" : LABELS[step];
    const key = isNext ? "→" : step === "back" ? "←" : letter?.toUpperCase();
    return element("button", { type: "button", value: step, class: isNext ? "next" : "", onclick: () => take(step) },
      label, ...(key ? [" ", element("kbd", { "aria-hidden": "true" }, key)] : []));
  }));
  if (code) steps.append(element("button", { type: "button", onclick: enlarge }, "QR code ",
    element("kbd", { "aria-hidden": "true" }, "Q")));
  if (focused) (steps.querySelector(`[value="${focused}"]`) ?? steps.firstChild).focus();
}

listenTo("instructor/now", show, message, "Open the instructor’s address again.");
