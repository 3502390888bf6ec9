// What the lab's page does beside JupyterLite. A visitor's notebooks lie in a database of the browser,
// one for each edition of this site: a new edition shows its own text. What was saved in an earlier
// one is brought along once, beside the new notebooks, under the name "… (yours).ipynb".
{
  const PREFIX = document.currentScript.dataset.store;
  const STORE = "files"; // where JupyterLite has them
  const MINE = " (yours)";
  const NARROW = 700; // px of a window in which the file browser leaves no room for the notebook

  // A browser may take what it has fetched before, for as long as it sees fit: notebooks, and which
  // edition they are of, are asked for each time.
  const CHANGES = /\/(files|api\/contents)\/|\/jupyter-lite\.json/;
  const { fetch } = globalThis;
  globalThis.fetch = (what, options) =>
    fetch(what, CHANGES.test(what.url ?? what) ? { ...options, cache: "no-cache" } : options);

  const promised = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const until = async (condition) => {
    for (;;) {
      const value = await condition();
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const names = async () => (await indexedDB.databases()).map((one) => one.name);

  async function readAll(name) {
    const database = await promised(indexedDB.open(name));
    try {
      if (!database.objectStoreNames.contains(STORE)) return [];
      return await promised(database.transaction(STORE).objectStore(STORE).getAll());
    } finally {
      database.close();
    }
  }

  // Through the lab's own contents, so that it knows of them at once.
  async function bringAlong(app, current) {
    const key = `${current}: brought along`;
    if (localStorage.getItem(key)) return [];
    const earlier = (await names()).filter((one) => one.startsWith(PREFIX) && one !== current);
    const found = (await Promise.all(earlier.map(readAll))).flat()
      .filter((one) => one?.type === "notebook" && one.content);
    const saved = [];
    for (const one of found.sort((a, b) => a.last_modified < b.last_modified ? -1 : 1)) {
      const name = one.path.replace(/( \(yours\)( \d+)?)?\.ipynb$/, MINE);
      let path = `${name}.ipynb`; // of several editions each is kept
      for (let number = 2; saved.includes(path); number += 1) path = `${name} ${number}.ipynb`;
      await app.serviceManager.contents.save(path, { type: "notebook", format: "json", content: one.content });
      saved.push(path);
    }
    localStorage.setItem(key, "yes");
    return saved;
  }

  function tell(paths) {
    const note = document.createElement("div");
    note.setAttribute("role", "status");
    note.style.cssText = "position: fixed; inset: auto 1rem 1rem; z-index: 1000; padding: 0.8rem 1rem;"
      + "background: #fff; color: #1a1a1a; border: 2px solid #00558a; border-radius: 6px; font: 15px/1.5 sans-serif;";
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close",
      onclick: () => note.remove() });
    close.style.cssText = "margin-left: 1rem; font: inherit;";
    note.append(`This is a new edition of the notebooks. What you had changed is kept beside them: ${paths.join(", ")}.`, close);
    document.body.append(note);
  }

  // The lab opens its file browser when it opens a notebook, at some time within the first seconds.
  async function makeRoom(shell) {
    let isOver = false;
    setTimeout(() => (isOver = true), 10000);
    addEventListener("pointerdown", () => (isOver = true), { once: true, capture: true });
    await until(() => {
      if (!isOver && !shell.leftCollapsed) shell.collapseLeft();
      return isOver;
    });
  }

  (async () => {
    const app = await until(() => globalThis.jupyterapp);
    await app.restored;
    if (innerWidth < NARROW) makeRoom(app.shell);
    const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const paths = await bringAlong(app, config.contentsStorageName);
    if (paths.length) tell(paths);
  })();
}
