// The verdict on an answer, and under it hints, one at a time, and a solution. What it shares with
// a figure's page is in explorers/page.js, which stands in front of this.

function render({ model, el }) {
  const sign = element("p", { class: "fx-sign", role: "status" });
  const python = watchPython(model, (words, isGone) => {
    sign.textContent = words;
    card.classList.toggle("fx-lost", isGone);
  });
  const ask = (kind) => () => python.ask({ kind });
  const [kind, mark] = model.get("is_open") ? ["open", "→"] : model.get("is_right") ? ["right", "✓"] : ["wrong", "✗"];
  const verdict = element("p", { class: `fx-verdict fx-${kind}` },
    element("span", { class: "fx-mark", "aria-hidden": "true" }, mark), " ",
    model.get("verdict"));
  const hint = element("button", { type: "button", onclick: ask("hint") });
  const solve = element("button", { type: "button", onclick: ask("solution") }, "Show a solution");
  const hints = element("ol", { class: "fx-hints" });
  const solution = element("pre", { class: "fx-solution", tabindex: 0, "aria-label": "A solution" });
  const news = element("div", { "aria-live": "polite" }, hints, solution);
  const card = element("div", { class: "fx", role: "group", "aria-label": "Your answer", onkeydown: goOn },
    verdict, element("div", { class: "fx-buttons" }, hint, solve), sign, news);
  const paint = () => {
    const given = model.get("hints");
    hints.replaceChildren(...given.map((words) => element("li", {}, words)));
    solution.textContent = model.get("solution");
    solution.hidden = !model.get("solution");
    hint.textContent = given.length === 0 ? "Give me a hint" : "Another hint";
    hint.title = `${given.length} of ${model.get("count")} given`;
    // A button that is disabled would lose the focus, and JupyterLab its keys.
    hint.setAttribute("aria-disabled", given.length === model.get("count"));
    solve.setAttribute("aria-disabled", Boolean(model.get("solution")));
    python.answered();
  };
  model.on("change", paint);
  paint();
  el.append(card);
  return () => {
    python.stop();
    model.off("change", paint);
  };
}

export default { render };
