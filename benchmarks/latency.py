"""How long each figure of the notebooks takes from a key to the changed picture.

    python -m benchmarks.latency [NOTEBOOK ...]

JupyterLab in headless Chromium, as in the browser tests. What is moved is the slider of λ or, where
there is none, the first control; a figure that one plays is asked for a Step. The clock in the page
runs from the key to the new SVG in its place, laid out; twenty keys each, 0.2 s apart. Of that,
"Python" is the kernel's part, from hearing the wish to having its answer, and "drawing" what
Matplotlib takes of that; the rest is the way through JupyterLab's server and back, and the page. An
"empty wish", one that is refused, goes the same way and changes nothing.

A figure that trains shows its first picture before that, and others as it goes on: "all of it" is
the time to the last, if it comes within two seconds.
"""

import argparse
import contextlib
import json
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

from classroom.chromium import launch
from classroom.notebooks import paths
from classroom.robot import Lab, serve_notebooks, until
from explorers import all_figures

KEYS = 20
REST = 0.2  # s between an answer and the next key
PATIENCE = 2  # s for all that a move computes
MOVE, STEP = 40, 150  # goals in ms to the first picture: a Step trains an epoch before that

# Notes the ms from each key to the next picture or message, and to the end of what is computed.
CLOCK = """root => {
  const [figure, ...layers] = root.querySelectorAll("[role=img], .fe-layer");
  let pressed;
  root.times = [];
  root.onkeydown = () => {
    pressed = performance.now();
    root.times.push({});
  };
  root.clock?.disconnect();
  root.clock = new MutationObserver((changes) => {
    const now = root.times.at(-1);
    if (!now) return;
    root.getBoundingClientRect();  // has it laid out
    const taken = performance.now() - pressed;
    if (changes.some((one) => one.type === "childList")) now.first ??= taken;
    if (now.first && figure.ariaBusy === "false") now.all ??= taken;
  });
  for (const one of [...layers, root.querySelector(".fe-message")]) {
    root.clock.observe(one, { childList: true });
  }
  root.clock.observe(figure, { attributeFilter: ["aria-busy"] });
}"""

# Lets the kernel note how long it takes to the first new picture after a wish, and to draw that.
STOPWATCH = """
import json
from explorers.widget import Explorer
_spent = []
Explorer.stopwatch = staticmethod(lambda *seconds: _spent.append(seconds))
"""


def deed(kind):
    """Return what is done with a figure of this class: the name of a control, or "Step"."""
    names = [control.name for control in kind.controls]
    return "Step" if kind.is_playable else "lmbda" if "lmbda" in names else names[0]


def press(figure, what, number):
    """Do something with the figure for the so-manieth time, with a single key."""
    if what == "empty":
        figure.paste(f"nothing-{number}")  # each refused in other words
        return
    if what == "Step":
        step = figure.button("Step")
        until(lambda: step.get_attribute("aria-disabled") == "false", 30, "Step")
        step.focus()
        figure.page.keyboard.press("Enter")
        return
    handle = figure.handle(what)
    if handle.locator.evaluate("one => one.tagName") == "SELECT":  # there and back again
        keys = ("ArrowDown", "ArrowUp")
    else:
        keys = ("ArrowRight", "ArrowLeft") if handle.index() < handle.last() else ("ArrowLeft",) * 2
    handle.key(keys[number % 2])


def times(figure, what):
    """Return the ms from each of KEYS keys to the first picture, and those to the last."""
    root = figure.root.element_handle()
    root.evaluate(CLOCK)
    for number in range(KEYS):
        press(figure, what, number)
        until(lambda: root.evaluate("one => one.times.at(-1)?.first"), 30, "a picture")
        with contextlib.suppress(TimeoutError):  # it may go on, and is dropped by the next key
            figure.page.wait_for_function(
                "one => one.times.at(-1).all", arg=root, polling=20, timeout=1000 * PATIENCE
            )
        time.sleep(REST)
    found = root.evaluate("one => one.times")
    assert len(found) == KEYS
    return [one["first"] for one in found], [one["all"] for one in found if "all" in one]


def spread(ms):
    """Return the median, and between which times nine in ten of them lie."""
    low, *_, high = statistics.quantiles(ms, n=20)
    return f"{statistics.median(ms):5.0f}  ({low:.0f} to {high:.0f})"


def measure(lab, seen):
    """Print a line for each figure of a notebook that has been run, but for those `seen`."""
    for number in range(lab.page.locator(".jp-Notebook .fe").count()):
        figure = lab.figure(number)
        figure.press("Defaults")  # at other places a move may be too small for the picture
        name = figure.quiet(seconds=120)["preset"].split()[0]
        if name in seen:
            continue
        seen.add(name)
        what = deed(all_figures()[name])
        if what == "Step":
            figure.press("Reset")
            figure.quiet()
        lab.in_kernel("_spent.clear()")
        first, whole = times(figure, what)
        spent = zip(*json.loads(lab.in_kernel("print(json.dumps(_spent))")))
        python, drawing = (1000 * statistics.median(seconds) for seconds in spent)
        last = f"{statistics.median(whole):.0f}" if len(whole) == KEYS else "later"
        goal = STEP if what == "Step" else MOVE
        note = "" if statistics.median(first) <= goal else f"   above {goal}"
        line = f"{name:<14}{what:<9}{spread(first):<22}{python:8.0f}{drawing:10.0f}{last:>12}"
        print(line + note, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    notebooks = [path.stem for path in paths()]
    parser.add_argument("notebooks", nargs="*", default=notebooks)
    options = parser.parse_args()
    print("ms, median (5 to 95 %)  key to picture          Python   drawing   all of it")
    seen = set()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server, browser = serve_notebooks(Path(folder)), launch(playwright)
        try:
            for name in options.notebooks:
                page = browser.new_page(viewport={"width": 1280, "height": 1000})
                lab = Lab(page, server, name)
                lab.run_all()
                lab.in_kernel(STOPWATCH)
                if name == options.notebooks[0]:
                    print(f"{'':<14}{'empty':<9}{spread(times(lab.figure(), 'empty')[0])}")
                measure(lab, seen)
                page.close()
                server.shut_down_kernels()
        finally:
            browser.close()
            server.stop()
    if options.notebooks == notebooks and (unseen := all_figures().keys() - seen):
        raise SystemExit(f"In no notebook: {', '.join(sorted(unseen))}")


if __name__ == "__main__":
    main()
