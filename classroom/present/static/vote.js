// The class's vote on a student's page: on /vote, on the first page, and in a sheet at the foot of a
// notebook's page. No Python of its own is behind it; it hears on one stream what is to be shown.

import { element, listenTo, post } from "./common.js";

const SAID = { true: "✓ Right. ", false: "✗ Not so. " };
const isAlone = document.documentElement.classList.contains("vote-alone");
const inNotebook = isAlone ? null : document.querySelector("main");
const root = document.getElementById("class-vote") ?? sheet();
const status = element("p", { class: "vote-status", role: "status" });
const summary = root.querySelector("summary");
const message = element("p", { class: "vote-message", role: "alert" });
const content = element("div");
let [state, built, stream] = [{ phase: "none" }, null, null];

function sheet() {
  const fold = element("details", { open: "" }, element("summary"));
  const aside = element("aside", { class: "vote vote-sheet", "aria-label": "Class vote" }, fold);
  aside.hidden = true;
  document.body.append(aside);
  return fold;
}

// What is sent.

async function cast(answer) {
  const unheard = "This was not sent: there is no connection. Try again.";
  const heard = await post("vote/cast", { name: state.name, answer }, message, unheard);
  if (heard) show(heard);
}

// What is shown.

function show(next) {
  state = next;
  const name = `${state.phase} ${state.name}`;
  if (name !== built) build();
  built = name;
  const mine = state.mine?.at(-1);
  for (const button of content.querySelectorAll("button[value]")) {
    button.setAttribute("aria-pressed", button.value === mine);
  }
  status.textContent = WORDS[state.phase](mine);
  mark();
}

const WORDS = {
  none: () => "No vote is open. Keep this page: the question will appear here.",
  open: (mine) => mine
    ? `Sent: ${told(mine)}. Another answer replaces it until the vote closes.`
    : state.options.length ? "Tap your answer. Nobody sees who gave it." : "Nobody sees who gave which answer.",
  closed: (mine) => (mine ? `The vote is closed. You said ${told(mine)}.` : "The vote is closed."),
  revealed: () => `${SAID[state.isRight] ?? ""}${state.outcome}`,
};

function told(answer) {
  return state.options.length ? `“${answer}”` : `${answer} ${state.unit}`.trim();
}

function build() {
  const isOpen = state.phase === "open";
  message.textContent = "";
  if (state.phase === "none") content.replaceChildren();
  else content.replaceChildren(
    element("p", { class: "vote-round" }, ROUND()),
    element("p", { class: "vote-question" }, state.question),
    state.options.length ? choices(isOpen) : number(isOpen),
  );
  if (!isAlone) root.closest(".vote").hidden = state.phase === "none";
  if (summary) summary.textContent = `Class vote: ${{ open: "vote now", closed: "closed", revealed: "the answer" }[state.phase]}`;
  root.open ||= state.phase !== "closed"; // somebody may have folded the sheet
}

const ROUND = () => state.phase === "revealed" ? "Measured"
  : state.mine.length > 1 ? "Second round: vote again" : "First round";

function choices(isOpen) {
  const rows = state.options.map((option) => {
    if (isOpen) return element("button", { type: "button", value: option, onclick: () => cast(option) }, option);
    const right = option === state.right;
    return element("p", { class: right ? "vote-right" : "" }, right ? "✓ " : "", option, ...mineAt(option));
  });
  return element("div", { class: "vote-options", role: "group", "aria-label": "Answers" }, ...rows);
}

// In which rounds this was our answer.
function mineAt(option) {
  const rounds = state.mine.flatMap((answer, i) => (answer === option ? [i + 1] : []));
  if (!rounds.length) return [];
  const words = state.mine.length > 1 ? `you, round ${rounds.join(" and ")}` : "you";
  return [element("span", { class: "vote-mine" }, words)];
}

function number(isOpen) {
  const before = state.mine.map((answer, i) => answer && `round ${i + 1}: ${told(answer)}`).filter(Boolean);
  if (!isOpen) return element("p", { class: "vote-mine" }, before.length ? `Yours, ${before.join("; ")}` : "");
  const field = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", maxlength: 20 });
  const send = (event) => {
    event.preventDefault();
    cast(field.value);
  };
  return element("form", { onsubmit: send },
    element("label", {}, `Your number${state.unit && `, in ${state.unit}`} `, field),
    element("button", { type: "submit" }, "Send to the class"));
}

// In a notebook's page, the question itself waits too: to commit there shows the result.
function mark() {
  if (!inNotebook) return;
  let isHere = false;
  for (const form of inNotebook.querySelectorAll("form.fx")) {
    const waits = ["open", "closed"].includes(state.phase)
      && form.querySelector("legend").textContent === state.question;
    form.classList.toggle("vote-waits", waits);
    isHere ||= waits;
  }
  document.documentElement.classList.toggle("vote-is-here", isHere);
}

// What is heard. A page that nobody sees holds no stream: a browser has only six for a server.

function listen() {
  stream?.close();
  if (document.hidden) return;
  stream = listenTo("vote/now", show, message, "Reload the page.");
}

root.append(content, message, status);
document.addEventListener("visibilitychange", listen);
listen();
