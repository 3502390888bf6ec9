// Stand-ins for Python in a page that has none. Each answers what a widget asks from what was stored
// when the page was made, in the words in which Python would have answered.

// What a widget's page needs of a model: values by name, and who wants to hear of changes.
function modelOf(values, answer) {
  const listeners = { change: new Set(), "msg:custom": new Set(), away: new Set() };
  const tell = (what, ...news) => listeners[what].forEach((hear) => hear(...news));
  const model = {
    get: (name) => values[name],
    on: (what, hear) => listeners[what]?.add(hear),
    off: (what, hear) => listeners[what]?.delete(hear),
    tell,
    // As from Python, the answer comes when the one who asks is through with asking.
    send: (message) => queueMicrotask(() => answer(message, model)),
    update(news) {
      Object.assign(values, news);
      tell("change");
    },
  };
  return model;
}

// Tables of states come as scripts, because a page on a disk may load nothing else. Each calls this.
const arrived = {};
function stored(name, packed) {
  arrived[name] = packed;
}

async function unpacked(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const loading = {};
function load(name) {
  loading[name] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = () => resolve(unpacked(arrived[name]));
    script.onerror = () => {
      delete loading[name]; // it may be there the next time: a network comes back
      reject(new Error(`The file figures/${name}.js can’t be had.`));
    };
    script.src = `figures/${name}.js`;
    document.head.append(script);
  });
  return loading[name];
}

const SLOW = 1000 / 6; // ms of an epoch played slowly, as in explorers/worker.py
const FAST = 1000 / 30;

// The states of one figure, and which of them is shown.
class States {
  constructor({ spec, shown }) {
    this.spec = spec;
    this.names = spec.controls.map((one) => one.name);
    this.runs = new Map(); // the states with one setting, by epoch, the trained one last
    shown.forEach((one, index) => {
      const key = this.keyOf(one.positions);
      if (!this.runs.has(key)) this.runs.set(key, []);
      this.runs.get(key).push({ ...one, index });
    });
    for (const run of this.runs.values()) {
      run.sort((a, b) => (a.phase === "finished") - (b.phase === "finished") || a.progress[0] - b.progress[0]);
    }
  }

  keyOf(positions) {
    return this.names.map((name) => positions[name]).join();
  }

  // The stored setting that is next to these positions: what was `moved` counts before all else,
  // then how many other handles have to move, and then how far.
  nearest(positions, moved) {
    let [best, least] = [null, [Infinity]];
    for (const run of this.runs.values()) {
      const there = run.at(-1).positions;
      const off = (name) => Math.abs(there[name] - positions[name]);
      const others = this.names.filter((name) => !moved.includes(name));
      const sum = (names) => names.reduce((total, name) => total + off(name), 0);
      const cost = [sum(moved), others.filter(off).length, sum(others)];
      const at = cost.findIndex((part, i) => part !== least[i]);
      if (at >= 0 && cost[at] < (least[at] ?? Infinity)) [best, least] = [run, cost];
    }
    return best;
  }

  withPreset(text) {
    return [...this.runs.values()].find((run) => run.at(-1).preset === text);
  }

  // {name: index of a stop} of a preset's values, each at the nearest stop that is stored.
  positionsOf(text) {
    const [name, ...pairs] = text.trim().split(/\s+/);
    if (name !== this.spec.name) throw new Error(`A preset for this figure starts with “${this.spec.name}”.`);
    return Object.fromEntries(pairs.map((pair) => {
      const [key, value] = pair.split("=");
      const control = this.spec.controls.find((one) => one.name === key);
      if (!control) throw new Error(`There is no control “${key}” here; there are ${this.names.join(", ")}.`);
      return [key, nearestStop(control, value)];
    }));
  }
}

const numberIn = (text) => Number(String(text).replace(/[\s,\u2009\u202f]/g, "").replace("−", "-"));

function nearestStop({ choice, stops, name }, value) {
  if (choice) {
    const at = stops.findIndex((stop) => stop.replaceAll(" ", "_") === value.replaceAll(" ", "_"));
    if (at < 0) throw new Error(`${name} is one of ${stops.join(", ")}.`);
    return at;
  }
  if (Number.isNaN(numberIn(value))) throw new Error(`${name} must be a number, not “${value}”.`);
  const off = stops.map((stop) => Math.abs(numberIn(stop) - numberIn(value)));
  return off.indexOf(Math.min(...off));
}

// A figure that shows stored states: the model that explorers/widget.js is given.
async function figureModel(name, { width, preset, covered, projector }) {
  const states = new States(await load(`${name}.words`));
  let layers = await load(`${name}.${width}`);
  let run = states.withPreset(preset) ?? states.nearest(states.positionsOf(preset), []);
  let frame = run.length - 1;
  let [phase, clock] = ["finished", undefined];
  // `wished` is a state that a link or a preset asked for and that is not stored, for a Python to come.
  let page = { covered, projector, slow: true, width, answered: 0, message: "", wished: "" };

  const values = () => {
    const { index, ...words } = run[frame];
    const [still, ...moving] = layers.pictures[index];
    const svg = (numbers) => numbers.map((number) => layers.elements[number]).join("");
    const hidden = page.covered ? { sentence: "", table: [] } : {};
    return {
      _still: svg(layers.stills[still]),
      _moving: page.covered ? "" : svg(moving),
      _shown: { ...words, ...hidden, ...page, phase },
    };
  };
  const rest = (next) => {
    clearInterval(clock);
    phase = next;
  };
  const show = (chosen, moved = {}) => {
    rest("finished");
    page.wished = "";
    [run, frame] = [chosen, chosen.length - 1];
    const went = states.names.filter((one) => one in moved && run[frame].positions[one] !== moved[one]);
    if (went.length) {
      const symbols = Object.fromEntries(states.spec.controls.map(({ name, symbol }) => [name, symbol]));
      const back = went.map((one) => `${symbols[one]} = ${run[frame].texts[one]}`).join(", ");
      page.message = `What is stored here is one change from a preset at a time; so ${back} again. `
        + (source.isThere ? source.more : "This page can compute no others.");
    }
  };
  const to = (positions, moved) => show(states.nearest({ ...run[frame].positions, ...positions }, moved),
    { ...run[frame].positions, ...positions });
  const begin = () => {
    frame = 0;
    rest(run.length > 1 ? "ready" : "finished");
    if (run.length === 1) {
      page.message = "Stored of this setting is how it ends. Its epochs are there for Defaults and for presets.";
    }
  };
  const next = () => {
    frame = Math.min(frame + 1, run.length - 1);
    if (frame === run.length - 1) rest("finished");
  };
  const play = () => {
    if (frame === run.length - 1) begin();
    if (run.length === 1) return;
    rest("playing");
    clock = setInterval(() => {
      next();
      model.update(values());
    }, page.slow ? SLOW : FAST);
  };
  const answers = {
    move: ({ values: moved }) => to(moved, Object.keys(moved)),
    set: ({ text }) => {
      const positions = states.positionsOf(text);
      to(positions, Object.keys(positions));
      if (page.message) page.wished = text;
    },
    preset: ({ text }) => show(states.withPreset(text)),
    defaults: () => show(states.runs.values().next().value),
    play,
    pause: () => rest(frame === run.length - 1 ? "finished" : "paused"),
    step: () => {
      rest("paused");
      next();
    },
    restart: begin,
    speed: ({ speed }) => {
      page.slow = speed === "slow";
      if (phase === "playing") play();
    },
    projector: ({ on }) => (page.projector = on),
    uncover: () => (page.covered = false),
    cover: ({ on }) => (page.covered = on),
    width: async ({ width: asked }) => {
      layers = await load(`${name}.${asked}`);
      page.width = asked;
    },
  };
  const answer = async (message) => {
    page.message = "";
    page.answered = Math.max(page.answered, message.wish ?? 0);
    try {
      await answers[message.kind]?.(message);
    } catch (error) {
      page.message = error.message;
    }
    model.update(values());
  };
  const model = modelOf({ _spec: states.spec, ...values() }, answer);
  return model;
}

// A guessed number, NaN if it is none: exercises/prediction.py has the same two patterns.
const GROUPED = /^[0-9]{1,3}(,[0-9]{3})+$/;
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
function guessed(guess) {
  const text = String(guess).trim().replace(/%$/, "").trim();
  const plain = text.replaceAll(",", GROUPED.test(text) ? "" : ".");
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

// A question whose outcome is stored, for exercises/prediction.js.
function predictionModel({ question, options, unit, right, value, close, measured }) {
  const itIs = `t is ${withUnit(Number(value?.toPrecision(3)), unit)}.`;
  const said = (guess) => options.length ? `You said “${guess}”.`
    : `You said ${withUnit(guess, unit)} (${withUnit(close, unit)} off is close enough); i${itIs}`;
  const commit = ({ guess }, model) => {
    const number = guessed(guess);
    if (options.length ? !options.includes(guess) : !Number.isFinite(number)) {
      const message = options.length ? "Choose one of the answers first."
        : `A number is asked for, such as 0.5; got “${guess}”.`;
      model.update({ message });
      return;
    }
    const isRight = options.length ? guess === right : Math.abs(number - value) <= close;
    model.update({ message: "", guess: String(guess), outcome: `${said(options.length ? guess : number)} ${measured}`,
      verdict: isRight ? "right" : "wrong" });
  };
  const answers = {
    commit,
    show: (_, model) => model.update({ message: "",
      outcome: options.length ? measured : `I${itIs} ${measured}` }),
    again: (_, model) => model.update({ guess: "", outcome: "", verdict: "", message: "" }),
  };
  const empty = { guess: "", outcome: "", verdict: "", message: "" };
  return modelOf({ question, options, unit, ...empty }, (message, model) => answers[message.kind]?.(message, model));
}

const withUnit = (number, unit) => unit ? `${number} ${unit}` : `${number}`;

// An argument whose verdicts are stored, for exercises/steps.js.
function argumentModel({ question, steps, verdicts, reasons }) {
  const none = steps.map(() => "");
  const values = { question, steps, marks: none, verdicts: none, reasons: none, at: -1, message: "" };
  const put = (list, index, value) => list.map((one, i) => (i === index ? value : one));
  return modelOf(values, ({ kind, step, mark }, model) => {
    const index = step - 1;
    if (kind === "mark" && !mark) {
      model.update({ at: index, message: "Choose a mark first: valid, gap or wrong." });
      return;
    }
    model.update({
      at: -1, message: "",
      marks: put(model.get("marks"), index, mark ?? ""),
      verdicts: put(model.get("verdicts"), index, verdicts[index]),
      reasons: put(model.get("reasons"), index, reasons[index]),
    });
  });
}
