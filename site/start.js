// The kernel's worker runs this in place of Pyodide's own first script, and so does the worker of a
// page. It fetches that one, from wherever jupyter-lite.json says, and lets the wheels beside this
// file come along with Pyodide's packages, all at once: a notebook's plain `import` then finds
// everything, and the kernel finds there what it would fetch piece by piece.
self.loadPyodide = async ({ wheelsURL, wheels, packages, ...options }) => {
  importScripts(`${options.indexURL}pyodide.js`); // defines self.loadPyodide anew
  const place = (name) => (name in wheels ? new URL(wheels[name], wheelsURL).href : name);
  const pyodide = await self.loadPyodide({ ...options, packages: packages.map(place) });
  // Matplotlib makes its list of fonts now, and what it says about that goes to the console.
  pyodide.runPython(`
    import sys
    # Each import would ask for the notebook's folder first, which takes a request to the page.
    sys.path.remove("")
    sys.path.append("")
    import matplotlib.font_manager`);
  return pyodide;
};
