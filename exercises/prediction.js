// A question, a way to answer it, and the result afterwards.

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (["button", "input", "output"].includes(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Shift+Enter goes on to the next cell; to run this one again would take the answer away.
function goOn(event) {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  event.currentTarget.closest(".jp-Cell")?.nextElementSibling?.focus();
}

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
  const outcome = element("output", { class: "fx-outcome", tabindex: -1 });
  const send = (event) => {
    event.preventDefault();
    model.send({ kind: "commit", guess: guess() });
  };
  const submit = element("button", { type: "submit" }, "That is my guess");
  const show = element("button", { type: "button", onclick: () => model.send({ kind: "show" }) },
    "Show me without guessing");
  const form = element("form", { class: "fx", onsubmit: send, onkeydown: goOn }, fields,
    element("div", { class: "fx-buttons" }, submit, show),
    message, outcome);
  const paint = () => {
    message.textContent = model.get("message");
    outcome.textContent = model.get("outcome");
    // A disabled button loses the focus, and JupyterLab its keys: so the outcome takes it.
    const isReader = form.contains(document.activeElement);
    submit.disabled = show.disabled = fields.disabled = Boolean(model.get("outcome"));
    if (isReader && model.get("outcome")) outcome.focus({ preventScroll: true });
  };
  model.on("change", paint);
  paint();
  el.append(form);
  return () => model.off("change", paint);
}

export default { render };
