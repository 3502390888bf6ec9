// A question, a way to answer it, and the result afterwards. What it shares with a figure's page is
// in explorers/page.js, which stands in front of this.

const SAID = { right: "✓ Right.", wrong: "✗ Not so." };

// What was guessed, for when the page is opened again: as long as the browser keeps it.
function remembered(question) {
  const key = `first-epochs, guess: ${question}`;
  const trying = (act) => {
    try {
      return act();
    } catch {
      return null; // a browser that keeps nothing for this page
    }
  };
  return {
    get: () => trying(() => localStorage.getItem(key)),
    set: (guess) => trying(() => localStorage.setItem(key, guess)),
    clear: () => trying(() => localStorage.removeItem(key)),
  };
}

function render({ model, el }) {
  const before = remembered(model.get("question"));
  const group = `fx${Math.random().toString(36).slice(2, 8)}`;
  const options = model.get("options");
  const number = element("input", { type: "text", inputmode: "decimal" });
  const answers = options.length === 0
    ? [element("label", {}, "Your guess ", number, ` ${model.get("unit")}`)]
    : options.map((option) => element("label", {},
        element("input", { type: "radio", name: group, value: option }), ` ${option}`));
  const guess = () => options.length === 0 ? number.value
    : fields.querySelector("input:checked")?.value ?? "";
  const fields = element("fieldset", {}, element("legend", {}, model.get("question")), ...answers);
  const message = element("p", { class: "fx-message", role: "alert" });
  const sign = element("p", { class: "fx-sign", role: "status" });
  const python = watchPython(model, (words, isGone) => {
    sign.textContent = isDone() ? "" : words; // a result that stands there needs no Python any more
    form.classList.toggle("fx-lost", isGone && !isDone());
  });
  const [mark, words] = [element("span", { class: "fx-mark" }), element("span")];
  const again = element("button", { type: "button", onclick: () => {
    before.clear();
    python.ask({ kind: "again" });
  } }, "Guess again");
  const outcome = element("output", { class: "fx-outcome", tabindex: -1 }, mark, words);
  const isDone = () => Boolean(model.get("outcome"));
  const commit = (event) => {
    event.preventDefault();
    python.ask({ kind: "commit", guess: guess() });
  };
  const submit = element("button", { type: "submit" }, "That is my guess");
  const show = element("button", { type: "button", onclick: () => python.ask({ kind: "show" }) },
    "Show me without guessing");
  const form = element("form", { class: "fx", onsubmit: commit, onkeydown: goOn }, fields,
    element("div", { class: "fx-buttons" }, submit, show, again),
    sign, message, outcome);
  const paint = () => {
    const verdict = model.get("verdict");
    message.textContent = model.get("message");
    mark.textContent = verdict ? `${SAID[verdict]} ` : "";
    words.textContent = model.get("outcome");
    outcome.hidden = !isDone();
    outcome.className = `fx-outcome ${verdict && `fx-${verdict}`}`;
    again.hidden = !isDone();
    if (isDone() && model.get("guess")) before.set(model.get("guess"));
    // A disabled button loses the focus, and JupyterLab its keys: so the outcome takes it.
    const isReader = form.contains(document.activeElement);
    const wasDone = fields.disabled;
    submit.disabled = show.disabled = fields.disabled = isDone();
    if (isReader && isDone() !== wasDone) {
      (isDone() ? outcome : fields.querySelector("input")).focus({ preventScroll: true });
    }
    if (isDone() || model.get("message")) python.answered();
  };
  model.on("change", paint);
  paint();
  el.append(form);
  if (!isDone() && before.get() !== null) python.ask({ kind: "commit", guess: before.get() });
  return () => {
    python.stop();
    model.off("change", paint);
  };
}

export default { render };
