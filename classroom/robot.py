"""JupyterLab as a person at the screen has it: a server, a notebook in it, a figure in that.

Browser tests and benchmarks use it through this.
"""

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import signal
import threading
import time
import urllib.error
import urllib.request

from jupyter_client import BlockingKernelClient

from classroom import private_lab
from classroom.notebooks import ROOT
from explorers.canvas import WIDTHS

REST = 0.5  # s that a kernel has to be connected and idle before Run All is heard


def serve_notebooks(folder):
    """Start JupyterLab in a new folder, on a copy of the notebooks."""
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".*"))
    return Server(folder, notebooks)


def until(condition, seconds, what):
    """Wait for `condition()` to be true, and return what it returns."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)
    return value


class Server:
    """JupyterLab on localhost, with nobody's settings, on a copy of the notebooks."""

    def __init__(self, folder, notebooks):
        self.folder, self.notebooks = folder, notebooks
        self.process, self.url = private_lab.start(
            folder,
            notebooks,
            options=["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"],
            environment={name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")},
        )
        self.log = folder / "server.log"
        try:
            until(self._answers, 60, "the server's first answer")
        except BaseException:
            self.stop()
            raise

    def _answers(self):
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            return self.api("status")
        return None

    def api(self, path, method="GET"):
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def errors(self):
        """Return the lines of the log that report an error."""
        return re.findall(
            r"^(?:\[[ECW] .*(?i:error|exception).*|Traceback.*|\[[EC] .*)$",
            self.log.read_text(),
            flags=re.MULTILINE,
        )

    def shut_down_kernels(self):
        for kernel in self.api("kernels"):
            self.api(f"kernels/{kernel['id']}", "DELETE")

    def stop(self):
        private_lab.stop(self.process)


# Playwright looks for shadow roots too, in each of the page's twenty thousand elements, unless it
# is told that there is nothing in them.
CODE_CELLS = "css:light=.jp-Notebook .jp-CodeCell"
_SHOWS_ITS_WIDGETS = """cell => [
  ...cell.querySelectorAll("[data-mime-type='application/vnd.jupyter.widget-view+json']")
].every((one) => one.querySelector(".fe, .fx"))"""
# Before a notebook has a kernel, JupyterLab calls it idle.
_IS_IDLE = """() => {
  const text = (one) => document.querySelector(one)?.textContent;
  const status = document.querySelector(".jp-Notebook-ExecutionIndicator")?.dataset.status;
  return status === "idle" && text(".jp-KernelName") !== "No Kernel";
}"""


class Lab:
    """One notebook, open on a page of its own."""

    def __init__(self, page, server, name):
        self.page, self.server, self.name = page, server, name
        self.errors, self._connection = [], None
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)
        self.open()

    def open(self):
        self.page.goto(f"{self.server.url}/lab/tree/{self.name}.ipynb?reset", timeout=60_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.page.keyboard.press("Control+b")  # the file browser away

    def _listen(self, message):
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    # The kernel.

    def wait_until_idle(self, seconds, rest=REST):
        """Wait until the kernel has been connected and idle for a while."""
        idle_since = None

        def rested():
            nonlocal idle_since
            if not self.page.evaluate(_IS_IDLE):
                idle_since = None
                return False
            idle_since = idle_since or time.monotonic()
            return time.monotonic() - idle_since >= rest

        until(rested, seconds, "an idle kernel")

    def menu(self, first, second):
        self.page.click(f".lm-MenuBar-item:has-text('{first}')")
        self.page.click(f".lm-Menu-item:has(.lm-Menu-itemLabel:text-is('{second}'))")

    def run_all(self, seconds=300):
        self.wait_until_idle(60)
        self.page.click(".jp-Notebook .jp-Cell >> nth=0")
        self.page.keyboard.press("Escape")
        self.menu("Run", "Run All Cells")
        # A number stands there from the start: it is stored.
        until(lambda: "[*]" in self.prompts(), 10, "Run All to begin")
        until(self._has_run, seconds, "a number on each prompt")
        self.wait_until_idle(30)

    def _has_run(self):
        errors = self.error_outputs()
        assert errors == [], errors  # Run All stops at the first: don't wait for the rest
        return not {"[*]", "[ ]"} & set(self.prompts())

    def prompts(self):
        """Return what stands beside each code cell: "[3]:", "[*]:" or "[ ]:"."""
        found = self.page.eval_on_selector_all(
            f"{CODE_CELLS} .jp-InputArea > .jp-InputPrompt",
            "all => all.map(one => one.textContent.trim())",
        )
        return [text.removesuffix(":") for text in found]

    def error_outputs(self):
        return self.page.eval_on_selector_all(
            "css:light=.jp-Notebook [data-mime-type='application/vnd.jupyter.error'],"
            ".jp-Notebook [data-mime-type='application/vnd.jupyter.stderr']",
            "all => all.map(one => one.textContent)",
        )

    def _client(self):
        """Return a connection to the kernel that there is now, made once."""
        (kernel,) = self.server.api("kernels")
        file = self.server.folder / "runtime" / f"kernel-{kernel['id']}.json"
        which = file.read_bytes()  # a restart can write it anew
        if self._connection is None or self._connection[0] != which:
            self.disconnect()
            client = BlockingKernelClient(connection_file=str(file))
            client.load_connection_file()
            client.start_channels()
            client.wait_for_ready(timeout=20)
            self._connection = which, client
        return self._connection[1]

    def disconnect(self):
        if self._connection is not None:
            self._connection[1].stop_channels()
            self._connection = None

    def in_kernel(self, code):
        """Run code in the notebook's kernel beside the page, and return what it prints."""
        client, printed = self._client(), []

        def hear(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = client.execute_interactive(code, timeout=20, output_hook=hear, store_history=False)
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed).strip()

    @contextlib.contextmanager
    def busy_figures(self):
        """Let no figure answer meanwhile."""
        mark = self.server.folder / "busy"  # what the kernel can see while it hears nothing
        mark.touch()
        self.in_kernel(
            "import pathlib, threading, time\n"
            "from explorers.figure import CHANGING\n"
            "held = threading.Event()\n"
            "def hold():\n"
            "    with CHANGING:\n"
            "        held.set()\n"
            f"        while pathlib.Path({str(mark)!r}).exists():\n"
            "            time.sleep(0.02)\n"
            "threading.Thread(target=hold).start()\n"
            "held.wait()"
        )
        try:
            yield
        finally:
            mark.unlink()

    def nothing_runs(self):
        return self.in_kernel("from explorers import worker; print(worker.busy())") == "0"

    def kill(self):
        """End the kernel, as it ends when there is no memory left for it."""
        os.kill(int(self.in_kernel("import os; print(os.getpid())")), signal.SIGKILL)
        self.disconnect()

    def restart(self):
        self.disconnect()
        self.menu("Kernel", "Restart Kernel…")
        self.page.click(".jp-Dialog .jp-mod-accept")
        self.wait_until_idle(60)

    # Cells.

    def cell(self, text):
        """Return the one code cell with `text` in its code."""
        cells = self.page.locator(CODE_CELLS)
        found = cells.filter(has=self.page.locator(".jp-InputArea", has_text=text))
        # By its number from now on: to read all cells at each touch takes long.
        among = "one => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].indexOf(one)"
        return cells.nth(found.evaluate(among))

    def write(self, cell, code):
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def run(self, cell, code=None):
        """Run a cell, with other code if given, and return its output as text."""
        before = cell.locator(".jp-InputPrompt").first.inner_text()
        if code is None:
            cell.locator(".cm-content").click()
        else:
            self.write(cell, code)
        self.page.keyboard.press("Control+Enter")

        def done():
            now = cell.locator(".jp-InputPrompt").first.inner_text()
            return now != before and re.search(r"\d", now) and cell.evaluate(_SHOWS_ITS_WIDGETS)

        until(done, 30, "the cell to have run")
        self.wait_until_idle(30, rest=0)
        return cell.locator(".jp-OutputArea-output").all_inner_texts()

    @contextlib.contextmanager
    def scratch(self):
        """Lend the notebook's last cell for other code, and clear away what that shows."""
        cell = self.page.locator(CODE_CELLS).last
        cell.locator(".cm-content").click()
        before = "\n".join(cell.locator(".cm-line").all_inner_texts())
        try:
            yield cell
        finally:
            self.run(cell, "pass")
            self.write(cell, before)

    def active_cell(self):
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-Notebook .jp-Cell')]"
            ".findIndex(one => one.classList.contains('jp-mod-active'))"
        )

    # What stands in the notebook.

    def accessible_nodes(self):
        """Return (role, name) of all that Chromium tells a screen reader about our widgets."""
        devtools = self.page.context.new_cdp_session(self.page)
        kinds = ["button", "input", "select", "summary", "progress", "[role=img]"]
        nodes = []
        for root in self.page.locator(".jp-Notebook .fe, .jp-Notebook .fx").all():
            root.scroll_into_view_if_needed()  # what is far from the screen is not in the tree
            root.evaluate("root => root.setAttribute('data-asked', '')")
            document = devtools.send("DOM.getDocument")["root"]["nodeId"]
            selector = ", ".join(f"[data-asked] {kind}" for kind in kinds)
            found = devtools.send(
                "DOM.querySelectorAll", {"nodeId": document, "selector": selector}
            )
            for node in found["nodeIds"]:
                of_it = {"nodeId": node, "fetchRelatives": False}
                (seen,) = devtools.send("Accessibility.getPartialAXTree", of_it)["nodes"]
                if not seen["ignored"]:
                    name = seen.get("name", {}).get("value", "")
                    nodes.append((seen["role"]["value"], name.strip()))
            root.evaluate("root => root.removeAttribute('data-asked')")
        devtools.detach()
        return nodes

    def figure(self, number=0, cell=None):
        """Return a figure of the notebook, or the one that a cell shows, uncovered."""
        root = cell.locator(".fe") if cell else self.page.locator(".jp-Notebook .fe").nth(number)
        root.scroll_into_view_if_needed()
        self.uncover()
        return Figure(self, root, cell)

    def uncover(self):
        """Show all figures that wait for a guess."""
        for cover in self.page.locator(".jp-Notebook .fe-cover").all():
            if cover.is_visible():
                # Not the mouse: what was uncovered before may move this button away from under it.
                cover.get_by_role("button", name="Show me anyway").press("Enter")
                cover.wait_for(state="hidden")

    def predictions(self):
        return self.page.locator(".jp-Notebook form.fx").all()

    def arguments(self):
        """Return the arguments whose steps are to be marked."""
        return self.page.locator(".jp-Notebook .fx-steps").all()


# What a figure says and where its handles stand; and what is seen besides, which takes far longer
# to hand over.
_SAID = """root => {
  if (!root.isConnected) return null;  // its cell has run again
  const text = (one) => root.querySelector(one)?.textContent ?? "";
  const fields = [...root.querySelectorAll(".fe-control input, .fe-control select")];
  return {
    title: root.getAttribute("aria-label"),
    label: root.querySelector("[role=img]").getAttribute("aria-label"),
    busy: root.querySelector("[role=img]").getAttribute("aria-busy") === "true",
    sentence: text(".fe-sentence"),
    message: text(".fe-message"),
    sign: text(".fe-sign"),
    preset: root.querySelector(".fe-preset").value,
    epochs: text(".fe-epochs"),
    play: text(".fe-player button"),
    spoken: fields.map((one) => one.getAttribute("aria-valuetext")),
    written: [...root.querySelectorAll(".fe-value")].map((one) => one.textContent),
  };
}"""
_SHOWN = """root => root.isConnected && {
  picture: [...root.querySelectorAll(".fe-layer")].map((one) => one.innerHTML).join(""),
  curves: [...root.querySelectorAll(".fe-layer path, .fe-layer use")].map(
    (one) => one.getAttribute("d") ?? `${one.getAttribute("x")}, ${one.getAttribute("y")}`),
  width: root.querySelector(".fe-layer svg").getBoundingClientRect().width,
  table: [...root.querySelectorAll("tbody tr")].map(
    (row) => [...row.children].map((one) => one.textContent)),
}"""
# Comes true once nothing in the figure has changed for a while, and false if the time is up.
_QUIET = """(root, [seconds, rest]) => new Promise((resolve) => {
  const begun = performance.now();
  let since = begun;
  const watcher = new MutationObserver(() => (since = performance.now()));
  watcher.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
  const clock = setInterval(() => {
    const now = performance.now();
    if (root.querySelector("[role=img]").getAttribute("aria-busy") === "true") since = now;
    const isQuiet = now - since >= 1000 * rest;
    if (!isQuiet && root.isConnected && now - begun < 1000 * seconds) return;
    clearInterval(clock);
    watcher.disconnect();
    resolve(isQuiet);
  }, 20);
})"""

# How large a figure's letters are; for what width its picture is laid out, and what room it has;
# how high all is that has to be seen together, in how high a window.
_LAID_OUT = """root => {
  const size = (one) => parseFloat(getComputedStyle(one).fontSize);
  const svg = root.querySelector(".fe-layer svg");
  const sizes = [...root.querySelectorAll(".fe-layer text")]
    .filter((one) => one.textContent.trim())
    .map((one) => [one, one.getScreenCTM()])
    .map(([one, { a, b }]) => size(one) * Math.hypot(a, b));
  const boxes = [...root.querySelectorAll(".fe-figure, .fe-player, .fe-control, .fe-sentence")]
    .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect());
  return {
    letters: Math.min(...sizes),
    sentence: size(root.querySelector(".fe-sentence")),
    width: svg.viewBox.baseVal.width,
    room: root.querySelector(".fe-figure").clientWidth * 15 / size(root),
    together: Math.max(...boxes.map((one) => one.bottom))
      - Math.min(...boxes.map((one) => one.top)),
    window: root.closest(".jp-WindowedPanel-outer")?.clientHeight ?? innerHeight,
  };
}"""


def laid_out(root):
    """Return what _LAID_OUT says of a figure, once it has a picture that fits."""
    root.scroll_into_view_if_needed()  # what is far from the screen has no size

    def fits():
        root.page.wait_for_timeout(250)  # a page waits for a while too, for the end of a change
        found = root.evaluate(_LAID_OUT)
        best = max([WIDTHS[0], *(width for width in WIDTHS if width <= found["room"])])
        return found if found["width"] == best else None

    return until(fits, 20, "a picture that fits")


# What a figure shows, noted at each change, from now on.
_WATCH = """root => {
  const figure = root.querySelector("[role=img]"), layers = [...root.querySelectorAll(".fe-layer")];
  const live = root.querySelector("[aria-live]");
  let found = -Infinity;  // when the newest finding came, in ms
  const preset = root.querySelector(".fe-preset");
  root.seen = { labels: [], came: [], presets: [], pictures: 0, announced: [], rests: [] };
  const watcher = new MutationObserver((changes) => {
    if (changes.some((one) => one.attributeName === "aria-label")) {
      root.seen.labels.push(figure.getAttribute("aria-label"));
      found = performance.now();
      root.seen.came.push(found / 1000);
    }
    if (root.seen.presets.at(-1) !== preset.value) root.seen.presets.push(preset.value);
    if (changes.some((one) => one.type === "childList" && layers.includes(one.target))) {
      root.seen.pictures += 1;
    }
    if (changes.some((one) => one.target === live)) {
      root.seen.announced.push(live.textContent);
      root.seen.rests.push((performance.now() - found) / 1000);
    }
  });
  for (const one of [figure, live, ...layers]) {
    watcher.observe(one, { attributes: true, childList: true, subtree: false });
  }
}"""


class Figure:
    """An Explorer on the page: what it shows, and its handles."""

    def __init__(self, lab, root, cell=None):
        self.lab, self.page, self.root, self.cell = lab, root.page, root, cell
        self._element = None

    def said(self):
        """Return what the figure says and where its handles stand."""
        return self._asked(_SAID)

    def now(self):
        """Return what `said` does, and what is seen besides."""
        return self._asked(_SAID) | self._asked(_SHOWN)

    def _asked(self, script):
        # Asked of the element itself, over and over: to find it on the page takes longer.
        while self._element is None or not (state := self._element.evaluate(script)):
            self._element = self.root.element_handle()
        return state

    def live(self):
        return self.root.locator("[aria-live]").text_content()

    def watch(self):
        self.root.evaluate(_WATCH)

    def seen(self):
        return self.root.evaluate("root => ({ ...root.seen, now: performance.now() / 1000 })")

    def quiet(self, seconds=60, rest=0.25):
        """Wait until nothing is computed and nothing changes, and return what is shown."""
        self.said()  # finds the element, if its cell has run again
        is_quiet = self._element.evaluate(_QUIET, [seconds, rest])
        assert is_quiet, f"waited {seconds} s in vain: a figure at rest"
        return self.now()

    def button(self, name):
        return self.root.get_by_role("button", name=name, exact=True)

    def press(self, name):
        self.button(name).click()

    def folds(self, are_open):
        """Open all its folds, or close them."""
        self.root.locator(".fe-fold").evaluate_all(
            "(all, are_open) => { for (const one of all) one.open = are_open; }", are_open
        )

    def laid_out(self):
        return laid_out(self.root)

    def sliders(self):
        self.folds(are_open=True)
        return [Handle(self, one) for one in self.root.locator(".fe-control input").all()]

    def choices(self):
        self.folds(are_open=True)
        return [Handle(self, one) for one in self.root.locator(".fe-control select").all()]

    def handle(self, name):
        return Handle(self, self.root.locator(f".fe-control [id$='-{name}']"))

    def has(self, name):
        return self.root.locator(f".fe-control [id$='-{name}']").count() > 0

    def slider(self):
        """Return the slider of lambda, or else the first one."""
        return self.handle("lmbda") if self.has("lmbda") else self.sliders()[0]

    @property
    def is_playable(self):
        return self.root.locator(".fe-player").is_visible()

    def epoch(self):
        done = re.match(r"epoch (\d+) of \d+", self.said()["epochs"])
        return int(done[1])

    def rest(self):
        """Bring the figure to where moves are cheap: a playable one waits, untrained."""
        if self.is_playable:
            self.press("Reset")
            until(lambda: self.epoch() == 0, 10, "Reset")
        else:
            self.shrink()
        return self.quiet()

    def hurry(self):
        """Let Play go as fast as it can, where nobody watches."""
        self.root.get_by_label("Speed of Play").select_option("fast")

    def shrink(self):
        """Take the fewest images, neurons and pixels: then a whole run takes a second or two."""
        shorter = {"n_train": "Home", "hidden": "Home", "fan_in": "End"}
        found = [name for name in shorter if self.has(name)]
        for name in found:
            self.handle(name).key(shorter[name])
        if found and self.has("eta"):
            try:
                until(lambda: not self.said()["busy"], 1.5, "the end of a short run")
            except AssertionError:  # what runs until it has settled does so soonest there:
                self.handle("eta").key("End")

    def paste(self, preset):
        field = self.root.locator(".fe-preset")
        field.fill(preset)
        field.press("Enter")


class Handle:
    """A slider or a choice."""

    def __init__(self, figure, locator):
        self.figure, self.locator = figure, locator
        self.name = locator.get_attribute("id").split("-", 1)[1]

    def index(self):
        return int(self.locator.input_value())

    def last(self):
        return int(self.locator.get_attribute("max"))

    def spoken(self):
        return self.locator.get_attribute("aria-valuetext")

    def key(self, key):
        self.figure.folds(are_open=True)
        self.locator.focus()
        self.figure.page.keyboard.press(key)

    def point(self, share):
        """Return where the handle stands on the page at this share of its way."""
        self.figure.folds(are_open=True)
        self.locator.scroll_into_view_if_needed()
        box = self.locator.bounding_box()
        return box["x"] + box["width"] * share, box["y"] + box["height"] / 2

    def preset(self):
        """Return this control's value as the preset under the figure has it."""
        return re.search(rf" {self.name}=(\S+)", self.figure.said()["preset"])[1]

    def arrived(self, seconds=10):
        """Wait until the kernel's answer is what the handle says."""

        def agrees():
            return float(self.preset()) == number_in(self.spoken())

        until(agrees, seconds, f"an answer to {self.spoken()!r}")
        now = self.figure.said()
        assert now["label"] == f"{now['title']}. {now['sentence']}"
        assert self.spoken().partition(" = ")[2] in now["written"]
        assert not now["message"]
        return now


def number_in(spoken):
    """Return the value in "λ = 1,250", as a slider says it."""
    return float(spoken.partition(" = ")[2].replace(",", "").replace("−", "-"))


# The browser edition, which has no server but a static host.

SITE_PATH = "/some/sub/path/"


class Files(http.server.SimpleHTTPRequestHandler):
    """A static host that knows nothing outside SITE_PATH."""

    def send_head(self):
        if not self.path.startswith(SITE_PATH):
            self.send_error(404)
            return None
        self.path = "/" + self.path.removeprefix(SITE_PATH)
        return super().send_head()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve the files in a folder under SITE_PATH, and yield the address."""
    files = functools.partial(Files, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}{SITE_PATH}"
        host.shutdown()


class SiteLab(Lab):
    """One notebook of the browser edition; `address` is what the reader has typed."""

    def __init__(self, page, address):
        self.page, self.errors, self.requests = page, [], []
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._listen)
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.goto(address, timeout=60_000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.keyboard.press("Control+b")  # the file browser away
