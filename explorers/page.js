// What all our widgets need in a page: elements, Shift+Enter, and whether Python is still there.
// It is put in front of widget.js and of exercises/prediction.js, since a widget brings one module.

const WAIT = 1200; // ms without an answer until a widget says that it is waiting
const SILENCE = 8000; // ms until it says what may be the matter

let pressed = null; // the button whose click is being heard

const CONTROLS = ["button", "input", "select", "summary", "output"];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // JupyterLab asks the focused element itself: with this mark its arrow keys are ours.
  if (CONTROLS.includes(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  if (tag === "button") {
    node.addEventListener("click", () => {
      pressed = node;
      setTimeout(() => (pressed = null));
    });
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

// Shift+Enter goes on to the next cell, as everywhere; this one need not run again for that, and
// keeps what it shows.
function goOn(event) {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  event.currentTarget.closest(".jp-Cell")?.nextElementSibling?.focus();
}

// Whether Python answers. `say(words, isGone)` is called whenever there is something else to be
// said about it, with "" if all is well. What is gone stays gone: a Python that was started anew
// knows nothing of this widget.
//
// JupyterLab and JupyterLite let a widget see its kernel, which tells when it dies, restarts or can't
// be reached. On a page of ours the model itself tells of that, and is then replaced. Elsewhere the
// waiting is all there is.
function watchPython(model, say) {
  const isNotebook = Boolean(model.widget_manager);
  const kernel = model.widget_manager?.kernel;
  let [isGone, isAway, clocks, asking] = [false, false, [], []];
  const stopWaiting = () => {
    clocks.forEach(clearTimeout);
    asking.forEach((one) => one.removeAttribute("aria-busy"));
    [clocks, asking] = [[], []];
  };
  const startWaiting = () => {
    const later = (ms, words) => setTimeout(() => isAway || say(words, false), ms);
    clocks = [
      later(WAIT, "Waiting for Python …"),
      later(SILENCE, `Python has not answered for ${SILENCE / 1000} seconds. ` + (isNotebook
        ? "It may be busy with another cell." : "If it goes on like this, reload the page.")),
    ];
  };
  const lose = () => {
    if (isGone) return;
    isGone = true;
    stopWaiting();
    say("Python has stopped, and nothing here moves any more. "
      + "Run the notebook’s cells again, from the top.", true);
  };
  const onStatus = (_, status) => {
    if (["restarting", "autorestarting", "terminating", "dead"].includes(status)) lose();
  };
  const onConnection = (_, status) => {
    if (isGone) return;
    isAway = status !== "connected";
    say({
      connecting: "No connection to Python. Trying again …",
      disconnected: "No connection to Python. Reload the page.",
    }[status] ?? "", false);
  };
  const onAway = (words) => {
    stopWaiting();
    isAway = true;
    say(words, false);
  };
  const slots = [["statusChanged", onStatus], ["connectionStatusChanged", onConnection],
    ["disposed", lose]];
  for (const [signal, slot] of slots) kernel?.[signal]?.connect?.(slot);
  model.on("comm_live_update", lose); // the page has cut off the widgets of an old kernel
  model.on("away", onAway);
  return {
    isGone: () => isGone,
    ask(message) {
      if (isGone) return;
      if (pressed) { // it shows at once that it was, however busy Python is
        pressed.setAttribute("aria-busy", "true");
        asking.push(pressed);
      }
      if (!clocks.length) startWaiting();
      model.send(message);
    },
    answered() {
      stopWaiting();
      if (!isGone && !isAway) say("", false);
    },
    stop() {
      stopWaiting();
      for (const [signal, slot] of slots) kernel?.[signal]?.disconnect?.(slot);
      model.off("comm_live_update", lose);
      model.off("away", onAway);
    },
  };
}
