// A Python of the page's own, in a worker, once a reader asks for it.
const source = {
  // From a disk a page may start no worker.
  isThere: /^https?:$/.test(location.protocol),
  isAutomatic: false,
  offer: "Compute every setting",
  live: "", // nothing more is to be said
  more: "“Compute every setting” has all.",
  connect: ({ stage, ready }) => new Promise((resolve, reject) => {
    const worker = new Worker("python.js");
    const figures = figuresBehind((message) => worker.postMessage(message));
    worker.onmessage = ({ data }) => ({
      stage: () => stage(`Starting Python: ${data.words} …`),
      ready: () => resolve(ready(figures.open)),
      failed: () => reject(new Error(data.words)),
      told: () => figures.told({ ...data, content: JSON.parse(data.content) }),
    })[data.kind]();
    worker.onerror = () => reject(new Error("the worker could not be started"));
  }),
};
