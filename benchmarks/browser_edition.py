"""What the site costs its readers: the weight of its pages, and the time to a figure that answers.

    make site PYODIDE=<folder>
    python -m benchmarks.browser_edition [--pages] [NOTEBOOK ...]

First the pages, read from top to bottom in a browser that has never been there: all that they
fetch, as a host sends it compressed, the time until the first figure stands there, and from a key
to its changed picture. Then, without --pages, the lab: each notebook is opened in such a browser,
opened again, and run as a whole.
"""

import argparse
import gzip
import statistics
import time
from pathlib import Path
from urllib.parse import urlsplit

from classroom import chromium
from classroom.notebooks import ROOT, paths
from classroom.robot import Figure, SiteLab, served, until

KEYS = 20
FIGURE = ".jp-Notebook .fe"
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


def measure_page(browser, site, folder, name):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    page, asked = context.new_page(), set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).path))
    start = time.perf_counter()
    page.goto(f"{site}{name}.html")
    page.locator(".rd-figure").first.scroll_into_view_if_needed()
    figure = Figure(None, page.locator(".fe").first)
    figure.root.locator(".fe-over").wait_for(state="attached")
    there = time.perf_counter() - start
    if (cover := figure.root.locator(".fe-cover button")).is_visible():
        cover.click()
    answer = ""
    if figure.sliders():
        slider, times = latency(figure)
        answer = f", {slider}: key to changed picture {statistics.median(times):.0f} ms"
    for place in page.locator(".rd-figure").all():
        place.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
    paths = [path.removeprefix(urlsplit(site).path) for path in asked]
    files = [folder / path for path in paths if path and (folder / path).is_file()]
    weight = sum(len(gzip.compress(file.read_bytes())) for file in files)
    print(f"{name}: {weight / 1e6:.2f} MB, first figure after {there:.1f} s{answer}", flush=True)
    context.close()


def to_first_figure(context, site, name):
    """Open a notebook in the lab and run it; return it, when, and the s to kernel and figure."""
    start = time.perf_counter()
    lab = SiteLab(context.new_page(), f"{site}lab/index.html?path={name}.ipynb")
    lab.wait_until_idle(60)
    idle = time.perf_counter() - start
    lab.menu("Run", "Run All Cells")
    lab.page.locator(FIGURE).first.wait_for(state="attached", timeout=60_000)
    first = lab.figure()  # uncovered, if it waits for a guess
    first.root.locator(".fe-over svg").wait_for(state="attached", timeout=60_000)
    return lab, start, (idle, time.perf_counter() - start)


def measure(browser, site, name):
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    lab, _, (idle, first) = to_first_figure(context, site, name)
    print(f"{name}: kernel ready after {idle:.1f} s, first figure after {first:.1f} s", end="")
    lab.page.close()
    lab, start, (idle, first) = to_first_figure(context, site, name)
    print(f"; on a second visit {idle:.1f} s and {first:.1f} s", end="", flush=True)
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
    parser.add_argument("--pages", action="store_true", help="the pages alone, and not the lab")
    parser.add_argument("--site", type=Path, default=ROOT / "dist" / "site")
    options = parser.parse_args()
    with served(options.site) as site, chromium.started() as browser:
        for name in options.notebooks:
            measure_page(browser, site, options.site, name)
        for name in [] if options.pages else options.notebooks:
            measure(browser, site, name)


if __name__ == "__main__":
    main()
