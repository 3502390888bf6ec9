// Beyond the stored states: a Python in a worker, for all figures of the page, once a reader asks.

// From a disk a page may start no worker, and one that stands alone has no Python beside it.
const canCompute = /^https?:$/.test(location.protocol) && !("alone" in document.documentElement.dataset);

// Starts it. `stage(words)` says how far it is. Returns a promise of a function that opens a figure:
// open(preset) is a promise of a model for explorers/widget.js.
function startPython(stage) {
  const worker = new Worker("python.js");
  const models = new Map(); // number -> [what to do with its first news, model]
  const open = (preset) => new Promise((resolve) => {
    const number = models.size;
    models.set(number, { resolve });
    worker.postMessage({ kind: "open", number, preset });
  });
  const told = ({ number, what, content }) => {
    const one = models.get(number);
    const news = JSON.parse(content);
    if (what === "custom") one.model.tell("msg:custom", news);
    else if (one.model) one.model.update(news);
    else {
      const say = (message) => worker.postMessage({ kind: "hear", number, content: JSON.stringify(message) });
      one.model = modelOf(news, say);
      one.resolve(one.model);
    }
  };
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ({
      stage: () => stage(data.words),
      ready: () => resolve(open),
      failed: () => reject(new Error(data.words)),
      told: () => told(data),
    })[data.kind]();
    worker.onerror = () => reject(new Error("the worker could not be started"));
  });
}

// The model of a figure that is covered as long as the page says so, whatever Python knows.
function covering(model, isCovered) {
  let covered = isCovered;
  const show = (on) => {
    covered = on;
    model.tell("change");
  };
  return {
    ...model,
    get(name) {
      const value = model.get(name);
      if (name === "_moving") return covered ? "" : value;
      if (name !== "_shown") return value;
      return covered ? { ...value, covered, sentence: "", table: [] } : value;
    },
    send(message) {
      if (message.kind === "uncover") show(false);
      else if (message.kind === "cover") show(message.on);
      else model.send(message);
    },
  };
}
