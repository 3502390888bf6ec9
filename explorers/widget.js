// The browser's half of an Explorer: native controls, the two layers of the picture, and the tools
// under it. It sends wishes ("lambda to stop 12") and shows what the kernel answers.

const PAUSE = 700; // ms of rest until a new finding is announced to a screen reader
const SETTLE = 150; // ms that a box keeps its size until a picture is asked for that fits it
const SCROLL_BAR = 20; // px, at most
const LETTERS = 15; // px, of our text beside a picture that is not magnified
const FINEST = 1600; // px that a saved PNG is wide, at least

const RUNNING = ["computing", "playing", "stepping"];
const OVER = ["finished", "broken"];

// Sends wishes one at a time. While one is unanswered only the newest values are kept, so a fast
// drag never queues up work, and what is shown at the end is what the handle says.
function mailbox(model, python) {
  const answered = () => model.get("_shown").answered;
  let sent = answered();
  let waiting = {};
  const isFree = () => answered() >= sent;
  const post = (message) => {
    sent = Math.max(sent, answered()) + 1; // another view may be ahead of this one
    python.ask({ ...message, wish: sent });
  };
  const deliver = () => {
    if (Object.keys(waiting).length === 0) return;
    const values = waiting;
    waiting = {};
    post({ kind: "move", values });
  };
  return {
    isFree: () => python.isGone() || (isFree() && Object.keys(waiting).length === 0),
    move(name, index) {
      waiting[name] = index;
      if (isFree()) deliver();
    },
    post(message, { dropping = false } = {}) {
      if (python.isGone()) return;
      if (dropping) waiting = {};
      else deliver();
      post(message);
    },
    flush() {
      if (!isFree()) return;
      python.answered();
      deliver();
    },
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
  if (spec.help) input.setAttribute("aria-description", spec.help);
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
    group: spec.group,
    node: element("div", { class: "fe-control", title: spec.help || null }, label, spec.choice ? "" : value, input),
    set(position, text) {
      input.value = position;
      show(text);
    },
  };
}

// The controls that are always open, and then a fold for each topic.
function inGroups(controls) {
  const topics = new Set(["", ...controls.map((one) => one.group)]);
  return [...topics].map((topic) => {
    const members = controls.filter((one) => one.group === topic).map((one) => one.node);
    const nodes = element("div", { class: "fe-controls" }, ...members);
    return topic ? element("details", { class: "fe-fold" }, element("summary", {}, topic), nodes) : nodes;
  });
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
    const scale = Math.max(2, FINEST / image.width);
    const paper = element("canvas", { width: scale * image.width, height: scale * image.height });
    paper.getContext("2d").drawImage(image, 0, 0, paper.width, paper.height);
    paper.toBlob((blob) => download(name, blob));
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

// Asks for the widest picture that needs not be made smaller to fit the box, letters and all; or for
// the one that a style sheet names in --fe-paper, as that of slides does.
function fitPicture(box, { widths, first, magnification, ask }) {
  let [asked, then, clock] = [first, 0, undefined];
  const fit = () => {
    const room = box.clientWidth / magnification();
    if (!room) return; // it is not on the screen
    const named = Number(getComputedStyle(box).getPropertyValue("--fe-paper"));
    const best = named || Math.max(widths[0], ...widths.filter((width) => width <= room));
    // A scroll bar that a lower picture does without could go on coming and going.
    if (best === asked || (best > asked && room < then + SCROLL_BAR)) return;
    [asked, then] = [best, room];
    ask(best);
  };
  const observer = new ResizeObserver(() => {
    clearTimeout(clock);
    clock = setTimeout(fit, SETTLE);
  });
  observer.observe(box);
  return {
    fit,
    stop() {
      clearTimeout(clock);
      observer.disconnect();
    },
  };
}

function button(text, press, attributes = {}) {
  return element("button", { type: "button", onclick: press, ...attributes }, text);
}

// A quantity stays on one line: a number with its sign or unit, or with the 1/√n that it multiplies.
const QUANTITY = /(?:[\d.,]+ × )?1\/√[^\s,;:]+|[\d.,]+(?: ± [\d.,]+)? %/g;

function unbroken(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: words, index } of text.matchAll(QUANTITY)) {
    nodes.push(text.slice(end, index), element("span", { class: "fe-quantity" }, words));
    end = index + words.length;
  }
  return [...nodes, text.slice(end)];
}

// A finding, of which a slide shows the first sentence, or two if the first is only a few words.
function finding(text) {
  const [, first, rest] = text.match(/^(.{40,}?[.…?!](?= [A-Z\d[])|.*$)(.*)$/s);
  return [...unbroken(first), element("span", { class: "fe-rest" }, ...unbroken(rest))];
}

// The text that is the whole state, to be copied, or to be pasted over.
function presetField(onPaste) {
  const field = element("input", {
    type: "text", class: "fe-preset", "aria-label": "Preset: copy it, or paste another and press Enter",
    spellcheck: "false",
    onkeydown: (event) => event.key === "Enter" && onPaste(field.value),
  });
  const copy = async ({ currentTarget: pressed }) => {
    field.select();
    const copied = navigator.clipboard
      ? await navigator.clipboard.writeText(field.value).then(() => true, () => false)
      : document.execCommand("copy"); // pages that are neither https nor localhost
    pressed.textContent = copied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => (pressed.textContent = "Copy preset"), 2000);
  };
  return [field, button("Copy preset", copy)];
}

// A link in a notebook's text sets a figure: [try λ = 250](#playground:lmbda=250&eta=1). It means
// the figure of this name before it, or else the first one after it, as one reads.
const LINK = /^#([a-z][a-z0-9-]*):(.+=.*)$/;

function meantBy(link) {
  const [, name, values] = link.hash.match(LINK) ?? [];
  // JupyterLab has several notebooks in one page.
  const page = link.closest(".jp-NotebookPanel") ?? document;
  const all = name ? [...page.querySelectorAll(`.fe[data-figure="${name}"]`)] : [];
  const isBefore = (root) => link.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_PRECEDING;
  const root = all.filter(isBefore).at(-1) ?? all[0];
  const pairs = [...new URLSearchParams(values)].map((pair) => pair.join("=").replaceAll(" ", "_"));
  return root && { root, preset: [name, ...pairs].join(" ") };
}

function follow(event) {
  const link = event.target.closest?.("a[href^='#']");
  const wish = link && !(event.ctrlKey || event.metaKey || event.shiftKey) && meantBy(link);
  if (!wish) return; // as any other link, which leads nowhere
  event.preventDefault();
  wish.root.dispatchEvent(new CustomEvent("fe-set", { detail: wish.preset }));
}

// One listener for all: each figure brings a copy of this module, and the first one installs it.
function followLinks() {
  if (document.feFollows) return;
  document.feFollows = true;
  document.addEventListener("click", follow, { capture: true });
}

function render({ model, el }) {
  const spec = model.get("_spec");
  const prefix = `fe${Math.random().toString(36).slice(2, 8)}`;
  const now = () => model.get("_shown");
  const isRunning = () => RUNNING.includes(now().phase);
  const isOver = () => OVER.includes(now().phase);
  const fileName = (ending) => `${now().preset.replaceAll(" ", "_")}.${ending}`;

  const sign = element("p", { class: "fe-sign", role: "status" });
  const python = watchPython(model, (words, isGone) => {
    sign.textContent = words;
    root.classList.toggle("fe-lost", isGone);
    if (isGone) setHandles(); // they go back to what the picture shows
  });
  const mail = mailbox(model, python);
  const wish = (kind, dropping = false) => () => mail.post({ kind }, { dropping });

  const controls = Object.fromEntries(spec.controls.map((one) => [one.name, control(one, prefix,
    (name, index) => python.isGone() ? setHandles() : mail.move(name, index))]));
  const setHandles = () => {
    const { positions, texts } = now();
    for (const [name, one] of Object.entries(controls)) one.set(positions[name], texts[name]);
  };
  // What a figure can do beside training: each press calls a method of it.
  const own = spec.buttons.map(({ method, text }) =>
    button(text, () => mail.post({ kind: "press", method })));

  // A playable figure trains while one watches; any other says that it is computing, and can be
  // stopped if that takes long.
  const runOrStop = () => mail.post({ kind: isRunning() ? "pause" : "play" });
  const canStep = () => !isRunning() && !isOver();
  const oneStep = () => canStep() && mail.post({ kind: "step" });
  const [play, step, restart] =
    [button("", runOrStop), button("Step", oneStep), button("Reset", wish("restart"))];
  const speed = element("select", { "aria-label": "Speed of Play", title: "Speed of Play",
    onchange: () => mail.post({ kind: "speed", speed: speed.value }) },
    ...["slow", "fast"].map((text) => element("option", {}, text)));
  const bar = element("progress", { "aria-label": "Epochs trained" });
  const epochs = element("span", { class: "fe-epochs" });
  const player = element("div", { class: "fe-player", role: "group", "aria-label": "Training" },
    play, speed, step, restart, bar, epochs);
  player.hidden = !spec.playable;
  const [state, stop] = [element("span"), button("", runOrStop)];
  const busy = element("div", { class: "fe-busy" }, state, stop);

  const still = element("div", { class: "fe-layer", "aria-hidden": "true" });
  const moving = element("div", { class: "fe-layer fe-over", "aria-hidden": "true" });
  const picture = element("div", { role: "img" }, still, moving);
  const cover = element("div", { class: "fe-cover" },
    element("p", {}, "Guess first: the question is above."), button("Show me anyway", wish("uncover")));
  const figure = element("div", { class: "fe-figure" }, picture, busy, cover, sign);
  const sentence = element("p", { class: "fe-sentence" });
  const message = element("p", { class: "fe-message", role: "alert" });
  const live = element("div", { class: "fe-unseen", "aria-live": "polite" });

  const table = element("tbody");
  const [preset, copy] =
    presetField((text) => mail.post({ kind: "set", text }, { dropping: true }));
  const presets = spec.presets.map(({ name, text }) => {
    const node = button(name, () => mail.post({ kind: "preset", text }, { dropping: true }));
    return { node, text };
  });
  const defaults = button("Defaults", wish("defaults", true), { title: "Put all sliders back" });
  const projector = button("Projector", () => mail.post({ kind: "projector", on: !now().projector }));
  const svg = () => wholeSvg(model.get("_still"), model.get("_moving"));
  const save = (text, press, label) => button(text, press, { "aria-label": label });

  const root = element("div", {
    class: "fe", "data-figure": spec.name, role: "group", "aria-label": spec.title, onkeydown: goOn },
    element("div", { class: "fe-body" },
      element("div", { class: "fe-side" }, ...inGroups(Object.values(controls)),
        element("div", { class: "fe-own" }, ...own)),
      element("div", { class: "fe-main" }, player, figure, sentence, message, live)),
    element("div", { class: "fe-presets", role: "group", "aria-label": "Presets",
      hidden: presets.length === 0 }, "Presets", ...presets.map(({ node }) => node)),
    element("details", { class: "fe-numbers" },
      element("summary", {}, "Numbers"),
      element("table", {}, element("caption", { class: "fe-unseen" }, spec.title), table)),
    element("div", { class: "fe-tools" },
      defaults,
      element("span", { class: "fe-group", role: "group", "aria-label": "Save" },
        "Save",
        save("SVG", () => download(fileName("svg"), svg(), "image/svg+xml"), "Save as SVG"),
        save("PNG", () => downloadPng(fileName("png"), svg()), "Save as PNG"),
        save("CSV", () => python.isGone() || model.send({ kind: "csv" }), "Save data as CSV")),
      projector,
      element("span", { class: "fe-group fe-grow" }, preset, copy)));

  followLinks();
  root.addEventListener("fe-set", ({ detail: text }) => {
    mail.post({ kind: "set", text });
    if (!root.checkVisibility({ visibilityProperty: true })) return; // on another slide
    for (const one of [sentence, figure]) one.scrollIntoView({ block: "nearest" });
  });

  // Who comes to a slider by Tab sees what it moves.
  root.addEventListener("focusin", ({ target }) => {
    if (!target.matches(":is(.fe-side, .fe-player) :focus-visible")) return;
    for (const one of [figure, target]) one.scrollIntoView({ block: "nearest" });
  });

  const room = fitPicture(figure, {
    widths: spec.widths,
    first: now().width,
    magnification: () => parseFloat(getComputedStyle(root).fontSize) / LETTERS,
    ask: (width) => python.isGone() || model.send({ kind: "width", width }),
  });

  let shown = {};
  let announcement;
  const paint = () => {
    const next = { ...now(), still: model.get("_still"), moving: model.get("_moving") };
    const changed = (key) => shown[key] !== next[key];
    if (changed("still")) still.innerHTML = forThePage(next.still, `${prefix}a`);
    if (changed("moving")) moving.innerHTML = forThePage(next.moving, `${prefix}b`);
    if (changed("message")) message.textContent = next.message;
    if (changed("sentence")) {
      sentence.replaceChildren(...finding(next.sentence));
      picture.setAttribute("aria-label", `${spec.title}. ${next.sentence || "Covered."}`);
      clearTimeout(announcement);
      if (shown.sentence) announcement = setTimeout(() => (live.textContent = next.sentence), PAUSE);
    }
    if (shown.covered && !next.covered && cover.contains(document.activeElement)) {
      defaults.focus({ preventScroll: true });
    }
    cover.hidden = !next.covered;
    root.classList.toggle("fe-covered", next.covered);
    table.replaceChildren(...next.table.map(([what, value]) => element("tr", {},
      element("th", { scope: "row" }, what), element("td", {}, value))));
    for (const { node, text } of presets) node.setAttribute("aria-pressed", text === next.preset);
    if (changed("preset") || document.activeElement !== preset) preset.value = next.preset;
    picture.setAttribute("aria-busy", isRunning());
    if (isOver() && busy.contains(document.activeElement)) {
      defaults.focus({ preventScroll: true }); // a button that is hidden would lose the focus
    }
    busy.hidden = spec.playable || isOver() || next.covered;
    state.textContent = isRunning() ? "computing …" : "stopped";
    stop.textContent = isRunning() ? "Stop" : "Go on";
    play.textContent = isRunning() ? "Pause" : isOver() ? "Play again" : "Play";
    step.setAttribute("aria-disabled", !canStep()); // really disabled it would lose the focus
    speed.value = next.slow ? "slow" : "fast";
    const [done, all] = next.progress;
    bar.max = all;
    bar.value = done;
    epochs.textContent = `epoch ${done} of ${all}`;
    projector.setAttribute("aria-pressed", next.projector);
    root.classList.toggle("fe-projector", next.projector);
    if (shown.sentence && changed("projector")) room.fit();
    mail.flush();
    if (mail.isFree()) setHandles(); // else the reader is ahead, and they stay where they were put
    shown = next;
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
    if (isRunning() && !python.isGone()) model.send({ kind: "pause" });
    python.stop();
    room.stop();
    clearTimeout(announcement);
    model.off("change", paint);
    model.off("msg:custom", hear);
  };
}

export default { render };
