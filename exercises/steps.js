// An argument, step by step: three marks to choose from, and the verdict afterwards. What it shares
// with a figure's page is in explorers/page.js, which stands in front of this.

const SIGNS = { valid: "✓", gap: "◐", wrong: "✗" };

// A line may end after a slash, but not in the middle of 1/√n.
const unbroken = (text) => text.replaceAll("/√", "/\u2060√");

function agreement(mark, verdict) {
  if (!mark) return "";
  return mark === verdict ? "You marked it so, too." : `You marked it “${mark}”.`;
}

// One step: its sentence, its marks and buttons, and once it is shown, the verdict in their place.
function stepOf(model, index, group, ask) {
  const number = index + 1;
  const marks = Object.keys(SIGNS).map((mark) => element("label", {},
    element("input", { type: "radio", name: `${group}-${number}`, value: mark }), ` ${mark}`));
  const chosen = () => fields.querySelector("input:checked")?.value ?? "";
  const of = (what) => ({ "aria-label": `${what}, step ${number}` });
  const compare = element("button", { type: "button", ...of("Compare"),
    onclick: () => ask({ kind: "mark", step: number, mark: chosen() }) }, "Compare");
  const show = element("button", { type: "button", ...of("Show me anyway"),
    onclick: () => ask({ kind: "show", step: number }) }, "Show me anyway");
  const fields = element("fieldset", {},
    element("legend", {}, element("span", { class: "fx-number" }, `${number}.`), " ",
      unbroken(model.get("steps")[index])),
    element("div", { class: "fx-marks" }, ...marks, compare, show));
  const message = element("p", { class: "fx-message", role: "alert" });
  const outcome = element("output", { class: "fx-outcome", tabindex: -1 });
  const root = element("li", { class: "fx-step" }, fields, message, outcome);
  const paint = () => {
    message.textContent = model.get("at") === index ? model.get("message") : "";
    const verdict = model.get("verdicts")[index];
    if (!verdict || root.dataset.verdict) return;
    // What has the focus is about to go: the verdict takes it, or JupyterLab would take the keys.
    const isReader = root.contains(document.activeElement);
    root.dataset.verdict = verdict;
    outcome.append(
      element("b", { class: "fx-verdict" },
        element("span", { "aria-hidden": "true" }, SIGNS[verdict]), ` ${verdict}.`),
      ["", agreement(model.get("marks")[index], verdict), unbroken(model.get("reasons")[index])]
        .filter((text, i) => !i || text).join(" "));
    fields.querySelector(".fx-marks").hidden = true;
    if (isReader) outcome.focus({ preventScroll: true });
  };
  return { root, paint };
}

function tally(model) {
  const [marks, verdicts] = [model.get("marks"), model.get("verdicts")];
  const marked = marks.filter(Boolean).length;
  if (!marked) return "";
  const agreed = marks.filter((mark, i) => mark && mark === verdicts[i]).length;
  return `You have marked ${marked} of ${marks.length} steps, ${agreed} of them as we do.`;
}

function render({ model, el }) {
  const group = `fx${Math.random().toString(36).slice(2, 8)}`;
  const sign = element("p", { class: "fx-sign", role: "status" });
  const isDone = () => model.get("verdicts").every(Boolean);
  const python = watchPython(model, (words, isGone) => {
    sign.textContent = isDone() ? "" : words; // verdicts that stand there need no Python any more
    root.classList.toggle("fx-lost", isGone && !isDone());
  });
  const steps = model.get("steps").map((_, index) => stepOf(model, index, group, python.ask));
  const message = element("p", { class: "fx-message", role: "alert" });
  const count = element("p", { class: "fx-count", role: "status" });
  const title = element("p", { class: "fx-question", id: group }, model.get("question"));
  const root = element("section", { class: "fx fx-steps", "aria-labelledby": group, onkeydown: goOn },
    title, element("ol", {}, ...steps.map((step) => step.root)), message, sign, count);
  let shown = 0;
  const paint = () => {
    steps.forEach((step) => step.paint());
    message.textContent = model.get("at") < 0 ? model.get("message") : "";
    count.textContent = tally(model);
    const now = model.get("verdicts").filter(Boolean).length;
    if (now !== shown || model.get("message")) python.answered();
    shown = now;
  };
  model.on("change", paint);
  paint();
  el.append(root);
  return () => {
    python.stop();
    model.off("change", paint);
  };
}

export default { render };
