// Beyond the stored states: a Python behind the figures of the page, however it is reached. Which one,
// says `source`: in reading/own_python.js and in classroom/present/static/served_python.js.
//   isThere      whether there may be one at all
//   isAutomatic  whether it comes without being asked for
//   offer, live  what stands under a figure that it does not draw yet, and under one that it draws
//   more         what to tell who wants a setting that is not stored
//   connect({ stage, ready })  asks for it: stage(words) says how far it is, and ready(open) that it
//                is there, with a function that opens a figure; again after it had been lost.

// The figures behind one connection: `say(message)` sends. `told(message)` takes what comes back.
function figuresBehind(say) {
  const figures = new Map(); // number -> its model, or before that, what to do with its first news
  let lost = ""; // what is to be said of it, once there is no connection any more
  return {
    // A promise of a model for explorers/widget.js, in the state of `shown`: { preset, projector, width }.
    open: (shown) => new Promise((resolve, reject) => {
      if (lost) throw new Error(lost);
      const number = figures.size;
      figures.set(number, { resolve, reject });
      const { preset, projector, width } = shown;
      say({ kind: "open", number, shown: { preset, projector, width } });
    }),
    told({ number, what, content }) {
      const one = figures.get(number);
      if (what === "failed") one.reject(new Error(content.words));
      else if (what === "custom") one.model.tell("msg:custom", content);
      else if (one.model) one.model.update(content);
      else {
        one.model = modelOf(content, (message) => say({ kind: "hear", number, content: message }));
        one.resolve(one.model);
      }
    },
    // They have no Python any more; `words` say so on each.
    lose(words) {
      lost = words;
      for (const { model, reject } of figures.values()) {
        if (model) model.tell("away", words);
        else reject(new Error(words));
      }
    },
  };
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
      if (message.kind === "cover") return show(message.on);
      if (message.kind === "uncover") show(false); // Python hears it too: it answers each wish
      model.send(message);
    },
  };
}
