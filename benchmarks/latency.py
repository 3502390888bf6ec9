"""How long each figure of the notebooks takes from a key to the changed picture.

    .venv/bin/python benchmarks/latency.py [NOTEBOOK ...]

JupyterLab in headless Chromium, as in the browser tests. The clock in the page runs from the key to
the new SVG in its place, laid out; twenty keys each, 0.2 s apart. Of that, "Python" is the kernel's
part, from hearing the wish to having its answer, and "drawing" what Matplotlib takes of that; the
rest is the way through JupyterLab's server and back, and the page. An "empty wish" goes the
same way and changes nothing.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from classroom.chromium import launch
from classroom.notebooks import ROOT, paths

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import Lab, serve_notebooks, until

KEYS = 20
REST = 0.2  # s between an answer and the next key
CLOSED_FORM, RETRAINED = 40, 150  # goals in ms

# What is done with a figure, by the first word of its preset, and the goal for it. A figure that
# computes on after its first picture is measured up to the first; one that is played, at a Step.
# Those without a goal train networks until they settle: seconds to the next point. Here, to the
# answer that it has begun.
DEEDS = {
    "meeting": ("lmbda", RETRAINED),
    "first-epochs": ("Step", RETRAINED),
    "decay-rate": ("lmbda", CLOSED_FORM),
    "tail-off": ("Step", RETRAINED),
    "book-graphs": ("shows", CLOSED_FORM),
    "chalkboard": ("lmbda", None),
    "penalty": ("lmbda", CLOSED_FORM),
    "saturation": ("Step", RETRAINED),
    "playground": ("Step", RETRAINED),
    "width-law": ("lmbda", None),
    "scaling-laws": ("changed", CLOSED_FORM),
}

# Notes the ms from each key to the next picture or, after an empty wish, to any answer.
CLOCK = """(root, empty) => {
  let pressed = null;
  root.times = [];
  root.clock?.disconnect();
  root.clock = new MutationObserver(() => {
    if (pressed === null) return;
    root.getBoundingClientRect();  // has it laid out
    root.times.push(performance.now() - pressed);
    pressed = null;
  });
  root.onkeydown = () => { pressed = performance.now(); };
  const [figure, ...layers] = root.querySelectorAll("[role=img], .fe-layer");
  if (empty) root.clock.observe(figure, { attributes: true });
  else for (const one of layers) root.clock.observe(one, { childList: true });
}"""

# Lets the kernel note how long it takes to the first new picture after a wish, and to draw that.
STOPWATCH = """
import json, time
from explorers.canvas import Canvas
from explorers.widget import Explorer

class Stopwatch:
    begun, drawing, spent = None, 0, []

reported, show, render, move = Explorer._reported, Explorer._show, Canvas._render, Explorer._move

def timed_reported(self):  # with which hearing a wish begins
    Stopwatch.begun, Stopwatch.drawing = time.perf_counter(), 0
    return reported(self)

def timed_show(self, **how):
    before = self._still, self._moving
    show(self, **how)
    if Stopwatch.begun and (self._still, self._moving) != before:
        taken = time.perf_counter() - Stopwatch.begun
        Stopwatch.spent.append((1000 * taken, 1000 * Stopwatch.drawing))
        Stopwatch.begun = None

def timed_render(self, *what, **how):
    begun = time.perf_counter()
    svg = render(self, *what, **how)
    Stopwatch.drawing += time.perf_counter() - begun
    return svg

Explorer._reported, Explorer._show, Canvas._render = timed_reported, timed_show, timed_render
"""


def press(figure, deed, number):
    """Do something with the figure for the so-manieth time, with a single key."""
    if deed == "Step":
        until(figure.button("Step").is_enabled, 30, "Step")
        figure.button("Step").focus()
        figure.page.keyboard.press("Enter")
        return
    handle = figure.handle(deed)
    if handle.locator.evaluate("one => one.tagName") == "SELECT":  # there and back again
        keys = ("ArrowDown", "ArrowUp")
    else:
        keys = ("ArrowRight", "ArrowLeft") if handle.index() < handle.last() else ("ArrowLeft",) * 2
    handle.key(keys[number % 2])


def times(figure, deed, *, empty=False):
    """Return the ms from each of KEYS keys to what it changes."""
    root = figure.root.element_handle()
    root.evaluate(CLOCK, empty)
    for number in range(KEYS):
        press(figure, deed, number)
        figure.page.wait_for_function(f"one => one.times.length > {number}", arg=root, polling=20)
        time.sleep(REST)
    return root.evaluate("one => one.times")


def spread(ms):
    """Return the median, and between which times nine in ten of them lie."""
    low, *_, high = statistics.quantiles(ms, n=20)
    return f"{statistics.median(ms):5.0f}  ({low:.0f} to {high:.0f})"


def measure(lab):
    """Print a line for each figure of a notebook that has been run."""
    for number in range(lab.page.locator(".jp-Notebook .fe").count()):
        figure = lab.figure(number)
        figure.press("Defaults")  # at other places a move may be too small for the picture
        name = figure.quiet(seconds=120)["preset"].split()[0]
        deed, goal = DEEDS[name]
        if deed == "Step":
            figure.press("Reset")
            figure.quiet()
        lab.in_kernel("Stopwatch.spent.clear()")
        found = times(figure, deed, empty=goal is None)
        line = f"{name:<14}{deed:<8} {spread(found):<22}"
        if goal is not None:
            spent = zip(*json.loads(lab.in_kernel("print(json.dumps(Stopwatch.spent))")))
            python, drawing = map(statistics.median, spent)
            line += f"{python:8.0f}{drawing:10.0f}   "
            line += "" if statistics.median(found) <= goal else f"above {goal}"
        print(line, flush=True)


def measure_empty(lab):
    """Print how long a wish takes that Python answers at once."""
    figure = lab.figure()
    figure.rest()
    lab.in_kernel("Explorer._move = lambda self, values: None")
    print(f"{'':<14}{'empty':<8} {spread(times(figure, figure.sliders()[0].name, empty=True))}")
    lab.in_kernel("Explorer._move = move")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    notebooks = [path.stem for path in paths()]
    parser.add_argument("notebooks", nargs="*", default=notebooks)
    options = parser.parse_args()
    print("ms, median (5 to 95 %)         key to picture        Python  drawing")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = serve_notebooks(Path(folder)), launch(playwright)
        try:
            for name in options.notebooks:
                page = browser.new_page(viewport={"width": 1280, "height": 1000})
                lab = Lab(page, server, name)
                lab.run_all()
                lab.in_kernel(STOPWATCH)
                if name == options.notebooks[0]:
                    measure_empty(lab)
                measure(lab)
                page.close()
                server.shut_down_kernels()
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
