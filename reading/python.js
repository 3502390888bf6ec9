// A worker with Python in it, for figures of a page. It hears
//   {kind: "open", number, shown}    make a figure that is shown so, known by its number from now on
//   {kind: "hear", number, content}  what the page says to it
// and says {kind: "stage", words}, {kind: "ready"}, {kind: "failed", words},
//   {kind: "told", number, what, content}  what the figure says, as JSON.
const HERE = new URL("./", self.location);

async function start() {
  const stage = (words) => self.postMessage({ kind: "stage", words });
  stage("fetching Python, some 30 megabytes");
  const about = await fetch(new URL("python/pages.json", HERE));
  if (!about.ok) throw new Error("there is no Python beside this page");
  const { indexURL, ...options } = await about.json();
  importScripts(new URL("python/start.js", HERE));
  const python = await self.loadPyodide({
    ...options, indexURL: new URL(indexURL, HERE).href, wheelsURL: new URL("python/", HERE).href,
  });
  stage("starting Python");
  const figures = python.pyimport("explorers.in_page");
  self.postMessage({ kind: "ready" });
  return figures;
}

const started = start();
started.catch((error) => self.postMessage({ kind: "failed", words: error.message }));

const tell = (number, what, content) => self.postMessage({ kind: "told", number, what, content });

self.onmessage = async ({ data }) => {
  const figures = await started;
  try {
    figures.answer_text(JSON.stringify(data), tell);
  } catch (error) {
    // Figures say most errors themselves; what is left is for the console.
    console.error(error);
  }
};
