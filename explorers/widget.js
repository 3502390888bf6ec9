// The browser's half of an Explorer: native controls, the two layers of the figure, and the tools
// under it. It sends wishes ("lambda to stop 12") and shows what the kernel answers.

const SILENCE = 8000; // ms without an answer until the reader is told that the kernel is silent
const PAUSE = 700; // ms of rest until a new finding is announced to a screen reader

const CONTROLS = ["button", "input", "select", "summary"];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // JupyterLab asks the focused element itself: with this mark its arrow keys are ours.
  if (CONTROLS.includes(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
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

// Sends wishes one at a time. While one is unanswered only the newest values are kept, so a fast
// drag never queues up work, and what is shown at the end is what the handle says.
function mailbox(model, onSilence) {
  let sent = model.get("_answered");
  let waiting = {};
  let clock;
  const isFree = () => model.get("_answered") >= sent;
  const post = (message) => {
    sent = Math.max(sent, model.get("_answered")) + 1; // another view may be ahead of this one
    clearTimeout(clock);
    clock = setTimeout(onSilence, SILENCE);
    model.send({ ...message, wish: sent });
  };
  return {
    isFree: () => isFree() && Object.keys(waiting).length === 0,
    move(name, index) {
      waiting[name] = index;
      if (isFree()) this.flush();
    },
    post(message, { dropping = false } = {}) {
      if (dropping) waiting = {};
      else this.deliver();
      post(message);
    },
    flush() {
      if (!isFree()) return;
      clearTimeout(clock);
      this.deliver();
    },
    deliver() {
      if (Object.keys(waiting).length === 0) return;
      const values = waiting;
      waiting = {};
      post({ kind: "move", values });
    },
    stop: () => clearTimeout(clock),
  };
}

// One slider or choice with its label and its value in words.
function control(spec, prefix, onMove) {
  const id = `${prefix}-${spec.name}`;
  const last = spec.stops.length - 1;
  const label = element("label", { for: id },
    element("span", { class: "fe-symbol" }, spec.symbol), ` ${spec.meaning}`);
  // Hidden from screen readers, which hear aria-valuetext instead.
  const value = element("span", { class: "fe-value", "aria-hidden": "true" });
  const input = spec.choice
    ? element("select", { id }, ...spec.stops.map((stop, i) => element("option", { value: i }, stop)))
    : element("input", { id, type: "range", min: 0, max: last, step: 1 });
  const show = (text) => {
    value.textContent = text;
    if (!spec.choice) input.setAttribute("aria-valuetext", `${spec.symbol} = ${text}`);
  };
  input.addEventListener("input", () => {
    show(spec.stops[input.value]);
    onMove(spec.name, Number(input.value));
  });
  if (!spec.choice) {
    // A page is an eighth of the way, as far as a thumb would go; browsers differ here.
    input.addEventListener("keydown", (event) => {
      const way = { PageUp: 1, PageDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      const next = Number(input.value) + way * Math.ceil(last / 8);
      input.value = Math.min(last, Math.max(0, next));
      input.dispatchEvent(new Event("input"));
    });
  }
  return {
    node: element("div", { class: "fe-control" }, label, spec.choice ? "" : value, input),
    set(position, text) {
      input.value = position;
      show(text);
    },
  };
}

// Matplotlib gives equal parts equal ids. Two figures on a page must not share them, or one loses
// its curves when the other is hidden. Its <style> is for all of the page, which would be styled
// anew at each move, in 15 ms and more: widget.css has the same for our layers.
function forThePage(svg, prefix) {
  return svg
    .replace(/^[\s\S]*?<svg/, "<svg")
    .replace(/<metadata>[\s\S]*?<\/metadata>/, "")
    .replace(/<style[\s\S]*?<\/style>/, "")
    .replace(/\bid="/g, `id="${prefix}-`)
    .replace(/url\(#/g, `url(#${prefix}-`)
    .replace(/href="#/g, `href="#${prefix}-`);
}

function wholeSvg(still, moving) {
  const parse = (text) => new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const [whole, upper] = [parse(still), parse(moving)];
  whole.append(...upper.children);
  return new XMLSerializer().serializeToString(whole);
}

function download(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function downloadPng(name, svg) {
  const image = new Image();
  image.onload = () => {
    const paper = element("canvas", { width: 2 * image.width, height: 2 * image.height });
    paper.getContext("2d").drawImage(image, 0, 0, paper.width, paper.height);
    paper.toBlob((blob) => download(name, blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

function render({ model, el }) {
  const spec = model.get("_spec");
  const prefix = `fe${Math.random().toString(36).slice(2, 8)}`;
  const fileName = (ending) => `${model.get("preset").replaceAll(" ", "_")}.${ending}`;
  const say = (text) => {
    message.textContent = text;
    message.hidden = !text;
  };
  const mail = mailbox(model, () =>
    say(`No answer from Python for ${SILENCE / 1000} seconds. It may be busy with another cell; ` +
        "if it has stopped, restart the kernel and run the notebook again."));

  const controls = Object.fromEntries(
    spec.controls.map((one) => [one.name, control(one, prefix, mail.move.bind(mail))]));
  const still = element("div", { class: "fe-layer", "aria-hidden": "true" });
  const moving = element("div", { class: "fe-layer fe-over", "aria-hidden": "true" });
  const picture = element("div", { role: "img" }, still, moving);
  const sentence = element("p", { class: "fe-sentence" });
  const message = element("p", { class: "fe-message", role: "alert", hidden: true });
  const live = element("div", { class: "fe-unseen", "aria-live": "polite" });
  const table = element("tbody");
  const preset = element("input", {
    type: "text", class: "fe-preset", "aria-label": "Preset: copy it, or paste another and press Enter",
    spellcheck: "false",
    onkeydown: (event) => {
      if (event.key === "Enter") mail.post({ kind: "preset", text: preset.value }, { dropping: true });
    },
  });
  const button = (text, press, attributes = {}) =>
    element("button", { type: "button", onclick: press, ...attributes }, text);
  const copy = async (event) => {
    const pressed = event.currentTarget;
    preset.select();
    const copied = navigator.clipboard
      ? await navigator.clipboard.writeText(preset.value).then(() => true, () => false)
      : document.execCommand("copy"); // pages that are neither https nor localhost
    pressed.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (pressed.textContent = "Copy preset"), 2000);
  };
  const defaults = button("Defaults", () => mail.post({ kind: "defaults" }, { dropping: true }),
    { title: "Put all sliders back" });
  const projector = button("Projector", () =>
    model.send({ kind: "projector", on: !model.get("projector") }));
  // A playable figure trains while one watches; any other says that it is computing, and can be
  // stopped if that takes long.
  const runOrStop = () => mail.post({ kind: model.get("_running") ? "pause" : "play" });
  const play = button("", runOrStop);
  const step = button("Step", () => mail.post({ kind: "step" }));
  const restart = button("Reset", () => mail.post({ kind: "restart" }));
  const bar = element("progress", { "aria-label": "Epochs trained" });
  const epochs = element("span", { class: "fe-epochs" });
  const player = element("div", { class: "fe-player", role: "group", "aria-label": "Training" },
    play, step, restart, bar, epochs);
  player.hidden = !spec.playable;
  const [state, stop] = [element("span"), button("", runOrStop)];
  const busy = element("div", { class: "fe-busy" }, state, stop);
  const figure = element("div", { class: "fe-figure" }, picture, busy);
  // What a figure can do beside training: each press calls a method of its Explorer.
  const own = spec.buttons.map(({ method, text }) =>
    button(text, () => mail.post({ kind: "press", method })));
  const svg = () => wholeSvg(model.get("_still"), model.get("_moving"));

  const root = element("div", { class: "fe", role: "group", "aria-label": spec.title, onkeydown: goOn },
    element("div", { class: "fe-controls" }, ...Object.values(controls).map((one) => one.node)),
    player,
    figure,
    sentence,
    message,
    live,
    element("div", { class: "fe-tools" },
      defaults,
      ...own,
      element("span", { class: "fe-group", role: "group", "aria-label": "Save" },
        "Save", button("SVG", () => download(fileName("svg"), svg(), "image/svg+xml"), { "aria-label": "Save as SVG" }),
        button("PNG", () => downloadPng(fileName("png"), svg()), { "aria-label": "Save as PNG" }),
        button("CSV", () => model.send({ kind: "csv" }), { "aria-label": "Save data as CSV" })),
      projector,
      element("span", { class: "fe-group fe-grow" }, preset, button("Copy preset", copy))),
    element("details", { class: "fe-numbers" },
      element("summary", {}, "Numbers"),
      element("table", {}, element("caption", { class: "fe-unseen" }, spec.title), table)));

  // Who comes to a slider by Tab sees what it moves.
  root.addEventListener("focusin", ({ target }) => {
    if (!target.matches(":is(.fe-controls, .fe-player) :focus-visible")) return;
    for (const one of [figure, target]) one.scrollIntoView({ block: "nearest" });
  });

  let shown = {};
  let announcement;
  const paint = () => {
    const now = (key) => model.get(key);
    const changed = (key) => shown[key] !== now(key);
    if (changed("_still")) still.innerHTML = forThePage(now("_still"), `${prefix}a`);
    if (changed("_moving")) moving.innerHTML = forThePage(now("_moving"), `${prefix}b`);
    if (changed("message")) say(now("message"));
    if (changed("_answered") && !now("message")) say(""); // it was the silence, which is over
    if (changed("_sentence")) {
      sentence.textContent = now("_sentence");
      picture.setAttribute("aria-label", `${spec.title}. ${now("_sentence")}`);
    }
    if (changed("_table")) {
      table.replaceChildren(...now("_table").map(([what, value]) => element("tr", {},
        element("th", { scope: "row" }, what), element("td", {}, value))));
    }
    if (changed("preset") || document.activeElement !== preset) preset.value = now("preset");
    picture.setAttribute("aria-busy", now("_running"));
    if (now("_finished") && busy.contains(document.activeElement)) {
      defaults.focus({ preventScroll: true }); // a button that is hidden would lose the focus
    }
    busy.hidden = spec.playable || now("_finished");
    state.textContent = now("_running") ? "computing …" : "stopped";
    stop.textContent = now("_running") ? "Stop" : "Go on";
    play.textContent = now("_running") ? "Pause" : now("_finished") ? "Play again" : "Play";
    step.disabled = now("_running") || now("_finished");
    const [done, all] = now("_progress");
    bar.max = all;
    bar.value = done;
    epochs.textContent = `epoch ${done} of ${all}`;
    projector.setAttribute("aria-pressed", now("projector"));
    root.classList.toggle("fe-projector", now("projector"));
    mail.flush();
    // While the reader is ahead of the answers, the handles stay where the reader put them.
    if (mail.isFree()) {
      for (const [name, one] of Object.entries(controls)) {
        one.set(now("_positions")[name], now("_texts")[name]);
      }
    }
    if (shown._sentence && changed("_sentence")) {
      clearTimeout(announcement);
      announcement = setTimeout(() => (live.textContent = now("_sentence")), PAUSE);
    }
    shown = Object.fromEntries(
      ["_still", "_moving", "_answered", "message", "_sentence", "_table", "preset"]
        .map((key) => [key, now(key)]));
  };
  const hear = (content) => {
    if (content.kind === "csv") download(fileName("csv"), content.text, "text/csv");
  };
  model.on("change", paint);
  model.on("msg:custom", hear);
  paint();
  el.append(root);
  return () => {
    // The cell was run again, or its output cleared: nothing goes on training unseen.
    if (model.get("_running")) model.send({ kind: "pause" });
    mail.stop();
    clearTimeout(announcement);
    model.off("change", paint);
    model.off("msg:custom", hear);
  };
}

export default { render };
