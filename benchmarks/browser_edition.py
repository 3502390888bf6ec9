"""How long the browser edition takes to its first figure, and from a key to a changed picture.

    make site PYODIDE=<folder>
    python -m benchmarks.browser_edition [NOTEBOOK ...]

Each notebook is opened in a browser that has never been there, and run as a whole.
"""

import argparse
import statistics
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from classroom.chromium import launch
from classroom.notebooks import ROOT, paths
from classroom.robot import SiteLab, served, until

KEYS = 20
FIGURE = ".jp-Notebook .fe .fe-over svg"
# Notes the milliseconds from each key to the first change of the picture after it.
CLOCK = """root => {
  let pressed = null;
  root.times = [];
  root.addEventListener("keydown", () => { pressed = performance.now(); }, true);
  new MutationObserver(() => {
    if (pressed !== null) root.times.push(performance.now() - pressed);
    pressed = null;
  }).observe(root.querySelector(".fe-over"), { childList: true });
}"""


def latency(figure):
    """Return the name of a figure's first slider and the times of KEYS keys on it, in ms."""
    slider = figure.sliders()[0]
    figure.root.evaluate(CLOCK)
    ways = ("ArrowLeft", "ArrowRight") if slider.index() else ("ArrowRight", "ArrowLeft")
    for key in range(KEYS):
        slider.key(ways[key % 2])
        until(lambda key=key: len(figure.root.evaluate("root => root.times")) > key, 60, "a change")
        time.sleep(0.2)
    return slider.name, figure.root.evaluate("root => root.times")


def measure(browser, site, name):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    start = time.perf_counter()
    lab = SiteLab(context.new_page(), f"{site}lab/index.html?path={name}.ipynb")
    lab.wait_until_idle(60)
    idle = time.perf_counter() - start
    lab.menu("Run", "Run All Cells")
    lab.page.wait_for_selector(FIGURE, state="attached", timeout=60_000)
    print(f"{name}: kernel ready after {idle:.1f} s, first figure after "
          f"{time.perf_counter() - start:.1f} s", end="", flush=True)  # fmt: skip
    until(lambda: not {"[*]", "[ ]"} & set(lab.prompts()), 900, "a number on each prompt")
    print(f", all cells run after {time.perf_counter() - start:.0f} s")
    for number in range(lab.page.locator(".jp-Notebook .fe").count()):
        figure = lab.figure(number)
        title = figure.said()["title"]
        if figure.sliders():
            slider, times = latency(figure)
            print(f"    {title}, {slider}: key to changed picture, median of {len(times)} "
                  f"{statistics.median(times):.0f} ms, at most {max(times):.0f} ms")  # fmt: skip
    context.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", default=[path.stem for path in paths()])
    parser.add_argument("--site", type=Path, default=ROOT / "dist" / "site")
    options = parser.parse_args()
    with served(options.site) as site, sync_playwright() as playwright:
        browser = launch(playwright)
        for name in options.notebooks:
            measure(browser, site, name)
        browser.close()


if __name__ == "__main__":
    main()
