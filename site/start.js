// The kernel's worker runs this in place of Pyodide's own first script. It fetches that one, from
// wherever jupyter-lite.json says, and lets the wheels beside this file come along with Pyodide's
// packages, all at once: a notebook's plain `import` then finds everything.
self.loadPyodide = async ({ wheelsURL, packages, ...options }) => {
  importScripts(`${options.indexURL}pyodide.js`); // defines self.loadPyodide anew
  const place = (name) => (name.endsWith(".whl") ? new URL(name, wheelsURL).href : name);
  const pyodide = await self.loadPyodide({ ...options, packages: packages.map(place) });
  // Matplotlib makes its list of fonts now, and what it says about that goes to the console.
  pyodide.runPython("import matplotlib.font_manager");
  return pyodide;
};
