// A question, a way to answer it, and the result afterwards. What it shares with a figure's page is
// in explorers/page.js, which stands in front of this.

function render({ model, el }) {
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
  const outcome = element("output", { class: "fx-outcome", tabindex: -1 });
  const isDone = () => Boolean(model.get("outcome"));
  const send = (message) => {
    if (python.isGone()) return;
    python.expect();
    model.send(message);
  };
  const commit = (event) => {
    event.preventDefault();
    send({ kind: "commit", guess: guess() });
  };
  const submit = element("button", { type: "submit" }, "That is my guess");
  const show = element("button", { type: "button", onclick: () => send({ kind: "show" }) },
    "Show me without guessing");
  const form = element("form", { class: "fx", onsubmit: commit, onkeydown: goOn }, fields,
    element("div", { class: "fx-buttons" }, submit, show),
    sign, message, outcome);
  const paint = () => {
    message.textContent = model.get("message");
    outcome.textContent = model.get("outcome");
    // A disabled button loses the focus, and JupyterLab its keys: so the outcome takes it.
    const isReader = form.contains(document.activeElement);
    submit.disabled = show.disabled = fields.disabled = isDone();
    if (isReader && isDone()) outcome.focus({ preventScroll: true });
    if (isDone() || model.get("message")) python.answered();
  };
  model.on("change", paint);
  paint();
  el.append(form);
  return () => {
    python.stop();
    model.off("change", paint);
  };
}

export default { render };
