"""A page of `make present`, opened and used as on a projector and on a phone."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from classroom.notebooks import ROOT
from classroom.private_lab import free_port
from classroom.robot import laid_out, until


class Address(str):
    """Of a server, which is the process `pid`; `instructor` is that of the instructor's page."""

    def __new__(cls, text, pid, instructor):
        address = super().__new__(cls, text)
        address.pid, address.instructor = pid, instructor
        return address

    def pythons(self):
        """Return the processes behind its pages: of those it has started, each heads a session."""
        table = subprocess.run(["ps", "-eo", "pid=,ppid=,sid="], capture_output=True, text=True)
        rows = [tuple(map(int, row.split())) for row in table.stdout.splitlines()]
        ours = {self.pid}
        while more := {pid for pid, parent, _ in rows if parent in ours} - ours:
            ours |= more
        return {pid for pid, _, session in rows if pid in ours and pid == session}


@pytest.fixture(scope="module")
def address():
    port = free_port()
    command = [sys.executable, "-m", "classroom.present", "02", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        for line in server.stdout:
            if "/instructor" in line:
                instructor = line.strip()
            if "Stop" in line:
                break
        yield Address(f"http://127.0.0.1:{port}", server.pid, instructor)
        server.terminate()
    assert server.returncode == 0


def live(page):
    """Return the first figure of a page, once it has a Python, and uncovered."""
    figure = page.locator(".rd-figure").first
    figure.scroll_into_view_if_needed()
    page.locator(".rd-figure.rd-live .fe-layer svg").first.wait_for(timeout=60_000)
    if (cover := figure.get_by_role("button", name="Show me anyway")).is_visible():
        cover.click()
    until(figure.locator(".fe-sentence").inner_text, 20, "a sentence")
    return figure


@pytest.fixture(scope="module")
def page(address, browser):
    """Notebook 02, opened from the first page; all that its browser context asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    page.asked, page.problems = [], []
    context.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda said: page.problems.append(said.text) if said.type == "error" else 0)
    page.goto(address)
    page.click("text=Claim 2")
    live(page)
    yield page
    context.close()


def test_slider_by_keyboard_changes_the_sentence(page):
    sentence = page.locator(".fe-sentence").first
    before = sentence.inner_text()
    page.locator(".fe-control [id$='-eta']").first.focus()
    page.keyboard.press("PageUp")
    until(lambda: sentence.inner_text() != before, 20, "another sentence")


def test_figures_start_large(page):
    assert page.locator(".fe").count() == page.locator(".fe.fe-projector").count() > 0
    small = page.evaluate(
        """() => [...document.querySelectorAll("body *:not(math *, svg *, code)")]
                 .filter((one) => one.checkVisibility() && one.innerText?.trim())
                 .filter((one) => parseFloat(getComputedStyle(one).fontSize) < 20)
                 .map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert small == []


def test_picture_sentence_and_sliders_are_in_sight_together(page):
    seen = laid_out(page.locator(".fe"))
    assert seen["letters"] >= 16 and seen["together"] <= 720


@pytest.mark.parametrize("width, height", [(390, 844), (360, 740)])
def test_on_a_telephone_the_letters_can_be_read_and_nothing_is_cut_off(page, width, height):
    before = page.viewport_size
    page.set_viewport_size({"width": width, "height": height})
    try:
        assert laid_out(page.locator(".fe"))["letters"] >= 11
        assert page.evaluate("document.documentElement.scrollWidth") == width
        inner = "one => [one.scrollWidth, one.clientWidth]"
        scrolled, seen = page.locator(".fe-figure").first.evaluate(inner)
        assert scrolled <= seen
    finally:
        page.set_viewport_size(before)
        laid_out(page.locator(".fe"))


def test_the_picture_stays_in_sight_with_whatever_has_the_focus(page):
    page.evaluate("scrollTo(0, 0)")
    figure = page.locator(".fe").first
    figure.evaluate("root => { root.tabIndex = -1; root.focus(); }")
    reached = []
    while True:
        page.keyboard.press("Tab")
        if not figure.locator(":focus").count():
            break
        reached.append(page.locator(":focus").evaluate("one => one.id || one.textContent"))
        focused = page.locator(":focus").bounding_box()
        assert focused["y"] >= 0 and focused["y"] + focused["height"] <= 721
        if page.locator(":focus").evaluate("one => one.matches('.fe-body *')"):
            picture = page.locator(".fe-figure").first.bounding_box()
            assert picture["y"] >= -1 and picture["y"] + picture["height"] <= 720
    assert [one.split("-")[-1] for one in reached[:4]] == ["eta", "lmbda", "m", "n_train"]
    assert "Numbers" in reached


def test_no_code_and_no_exercise(page):
    text = page.locator("main").inner_text()
    assert "Claim 2" in text and "0.95122" in text  # a heading, and a number as printed
    for line in ("import ", "DecayRate()", ".projector", "Check yourself", "For the instructor"):
        assert line not in text
    assert page.locator(".code").count() == 0


def test_formulas_are_set_and_nothing_came_from_another_host(page, address):
    assert page.locator("main math").count() > 20
    here = urlsplit(address).netloc
    others = [url for url in page.asked if url.startswith("http") and urlsplit(url).netloc != here]
    assert others == []
    assert page.problems == []


def test_a_page_has_no_barrier(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_page_moves_before_it_is_live_and_goes_on_from_there(address, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page, waiting = context.new_page(), []
    page.route_web_socket("**/live", lambda line: waiting.append(line))  # which nobody answers
    page.goto(f"{address}/02_decay_rate.html")
    figure = page.locator(".rd-figure").first
    figure.scroll_into_view_if_needed()
    figure.locator(".fe-layer svg").first.wait_for()
    figure.get_by_role("button", name="Show me anyway").click()
    assert "Not live yet" in figure.locator(".rd-beyond").inner_text()
    slider = figure.locator(".fe-control [id$='-eta']")
    before = slider.get_attribute("aria-valuetext")
    slider.press("PageUp")
    until(lambda: slider.get_attribute("aria-valuetext") != before, 10, "a stored step")
    preset = figure.locator(".fe-preset").input_value()
    (line,) = waiting
    server = line.connect_to_server()
    line.on_message(server.send)
    server.on_message(line.send)
    page.locator(".rd-live").first.wait_for(timeout=20_000)
    assert figure.locator(".fe-preset").input_value() == preset
    assert "● Live" in figure.locator(".rd-beyond").inner_text()
    assert slider.evaluate("one => one === document.activeElement")
    slider.press("ArrowLeft")  # to where nothing is stored
    until(lambda: figure.locator(".fe-preset").input_value() != preset, 20, "another setting")
    assert figure.locator(".fe-message").inner_text() == ""
    context.close()


def test_a_link_to_what_is_not_stored_leads_there_once_there_is_a_python(address, browser):
    context = browser.new_context()
    page, waiting = context.new_page(), []
    page.route_web_socket("**/live", lambda line: waiting.append(line))
    page.goto(f"{address}/02_decay_rate.html#decay-rate;eta=1;lmbda=50;m=20;n_train=5000")
    figure = page.locator(".rd-figure").first
    expect(figure.locator(".fe-message")).to_contain_text("one change from a preset at a time")
    preset = figure.locator(".fe-preset")
    assert preset.input_value() != "decay-rate eta=1 lmbda=50 m=20 n_train=5000"
    (line,) = waiting
    server = line.connect_to_server()
    line.on_message(server.send)
    server.on_message(line.send)
    expect(preset).to_have_value("decay-rate eta=1 lmbda=50 m=20 n_train=5000", timeout=20_000)
    expect(figure.locator(".fe-message")).to_be_empty()
    context.close()


def test_closing_a_page_ends_its_python(address, browser):
    others, page = address.pythons(), browser.new_page()
    page.goto(f"{address}/02_decay_rate.html")
    live(page)
    assert len(address.pythons() - others) == 1
    page.close()
    until(lambda: address.pythons() <= others, 10, "the end of its Python")


@pytest.mark.skipif(sys.platform != "linux", reason="where Pythons are no forks")
def test_a_stuck_python_is_told_of_and_a_killed_one_is_followed_by_another(address, browser):
    others, page = address.pythons(), browser.new_page()
    page.clock.install()
    page.goto(f"{address}/02_decay_rate.html")
    figure = live(page)
    page.wait_for_timeout(1000)  # whatever else it asks for as it opens is answered
    sign, slider = figure.locator(".fe-sign"), figure.locator(".fe-control [id$='-eta']")
    preset = figure.locator(".fe-preset").input_value()
    (python,) = address.pythons() - others
    os.kill(python, signal.SIGSTOP)  # no answer, and nobody to say why
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 1"))
    slider.press("PageUp")
    page.clock.run_for(2000)  # ms: two seconds of the page's own, however busy the machine is
    assert "Waiting" in sign.inner_text()
    os.kill(python, signal.SIGKILL)
    until(lambda: "No connection" in sign.inner_text(), 10, "word of it")
    assert "No connection" in figure.locator(".rd-beyond").inner_text()
    page.clock.resume()
    until(lambda: "● Live" in figure.locator(".rd-beyond").inner_text(), 20, "another Python")
    assert figure.locator(".fe-preset").input_value() == preset  # what was asked for goes lost
    slider.press("PageUp")
    until(lambda: figure.locator(".fe-preset").input_value() != preset, 20, "an answer")
    page.close()


def test_a_lost_network_is_told_of_and_found_again(address, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/02_decay_rate.html")
    figure = live(page)
    figure.locator(".fe-control [id$='-eta']").press("PageUp")
    until(lambda: "eta=0.1 " not in figure.locator(".fe-preset").input_value(), 20, "an answer")
    preset = figure.locator(".fe-preset").input_value()
    context.set_offline(True)
    until(lambda: "No connection" in figure.locator(".fe-sign").inner_text(), 2, "word of it")
    context.set_offline(False)
    until(lambda: "● Live" in figure.locator(".rd-beyond").inner_text(), 20, "another Python")
    assert figure.locator(".fe-preset").input_value() == preset
    context.close()


def test_a_figure_that_comes_into_sight_without_a_network_comes_alive_with_it(address, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page, said = context.new_page(), []
    page.on("websocket", lambda line: line.on("framereceived", lambda words: said.append(words)))
    page.goto(f"{address}/02_decay_rate.html")
    until(lambda: page.title() and said, 20, "a Python")
    assert page.locator(".fe").count() == 0  # it is far below
    context.set_offline(True)
    figure = page.locator(".rd-figure").first
    figure.scroll_into_view_if_needed()
    expect(figure).to_contain_text("This picture does not move")
    context.set_offline(False)
    expect(figure.locator(".rd-beyond")).to_contain_text("● Live", timeout=20_000)
    expect(figure).not_to_contain_text("This picture does not move")
    context.close()


@pytest.mark.skipif(sys.platform != "linux", reason="where Pythons are no forks")
def test_a_page_of_a_server_that_was_started_anew_says_so_and_asks_no_more(address, browser):
    others, page, asked = address.pythons(), browser.new_page(), []
    page.goto(f"{address}/02_decay_rate.html")
    figure = live(page)
    page.route("**/contents.js", lambda route: route.fulfill(status=403))
    page.on("websocket", lambda line: asked.append(line.url))
    (python,) = address.pythons() - others
    os.kill(python, signal.SIGKILL)
    for place in (".fe-sign", ".rd-beyond"):
        expect(figure.locator(place)).to_contain_text("started anew. Load this page again")
    page.wait_for_timeout(1000)
    assert asked == []
    page.close()


# A vote of the class. (Its pages let nobody evaluate text as code, Playwright's waiting included.)


def votes_of(address, n, answers):
    """Vote as so many browsers, each with cookies of its own."""
    for i in range(n):
        cookies = urllib.request.HTTPCookieProcessor()
        opener = urllib.request.build_opener(cookies)
        with opener.open(f"{address}/vote/now", timeout=20) as stream:
            state = json.loads(stream.readline().decode().removeprefix("data: "))
        vote = {"name": state["name"], "answer": answers(state["options"], i)}
        sent = json.dumps(vote).encode(), {"Content-Type": "application/json"}
        with opener.open(urllib.request.Request(f"{address}/vote/cast", *sent)) as heard:
            assert heard.status == 200


@pytest.fixture
def class_of_three(address, browser):
    """The pages of an instructor, a student with a phone, and one who is on the first page."""
    sizes = (
        {"width": 1280, "height": 720},
        {"width": 390, "height": 844},
        {"width": 360, "height": 740},
    )
    contexts = [browser.new_context(viewport=size) for size in sizes]
    pages = [context.new_page() for context in contexts]
    problems = []
    for page, where in zip(pages, (address.instructor, f"{address}/vote", address)):
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else 0)
        page.goto(where)
    pages[0].locator("#steps button").first.wait_for()
    yield pages
    for context in contexts:
        context.close()
    assert problems == []


def bars(page):
    return page.eval_on_selector_all(
        "#bars li",
        "all => all.map((one) => [...one.querySelectorAll('.row')].map((row) => +row.textContent))",
    )


def test_a_class_votes_twice_and_then_sees_what_is_measured(address, class_of_three):
    wall, phone, first_page = class_of_three
    count, answers = wall.locator("#count"), ".vote-options button"
    assert "token" not in wall.url
    assert first_page.locator("#class-vote").is_hidden()
    assert "No vote is open" in phone.locator(".vote-status").inner_text()

    wall.keyboard.press("PageDown")  # as a clicker does
    phone.locator(answers).nth(0).click()
    first_page.locator(answers).nth(1).click()
    votes_of(address, 20, lambda options, i: options[i % 2])
    expect(count).to_contain_text("22 votes")
    assert bars(wall) == [[], [], []]
    wall.keyboard.press("b")
    expect(wall.locator("#bars .row")).to_have_count(3)
    assert bars(wall) == [[11], [11], [0]]
    wall.keyboard.press("PageDown")
    for page in (phone, first_page):
        expect(page.locator(".vote-status")).to_contain_text("closed")
        expect(page.locator(answers)).to_have_count(0)

    wall.keyboard.press("PageDown")
    for page in (phone, first_page):
        page.locator(answers).nth(2).click()
        expect(page.locator(f"{answers}[aria-pressed=true]")).to_have_count(1)
    votes_of(address, 20, lambda options, i: options[-1])
    expect(count).to_contain_text("Round 2 · 22 votes")
    told = phone.content() + first_page.content()
    assert "0.00001" not in told  # what is measured; not before it is revealed
    wall.keyboard.press("PageDown")
    expect(wall.locator("#bars .row")).to_have_count(6)
    assert bars(wall) == [[11, 0], [11, 0], [0, 22]]
    assert "0.00001" not in wall.content()

    wall.keyboard.press("PageDown")
    expect(wall.locator("#outcome")).to_contain_text("0.00001")
    assert "hundred-thousandth" in wall.locator("#bars .right").inner_text()
    for page in (phone, first_page):
        expect(page.locator(".vote-status")).to_contain_text("✓ Right. ηλ/n_train = 0.00001")
    letters = """() => [...document.querySelectorAll("body *")]
      .filter((one) => one.checkVisibility() && one.innerText?.trim())
      .map((one) => parseFloat(getComputedStyle(one).fontSize))"""
    assert min(wall.evaluate(letters)) >= 22 and min(phone.evaluate(letters)) >= 16
    assert wall.evaluate("document.documentElement.scrollHeight") <= 720
    assert first_page.evaluate("document.documentElement.scrollWidth") == 360
    for page in (wall, phone):
        assert [one["id"] for one in Axe().run(page).response["violations"]] == []


def test_on_a_page_a_question_waits_while_the_class_votes_on_it(address, browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark")
    wall, page = context.new_page(), context.new_page()
    wall.goto(address.instructor)
    wall.select_option("#which", "1")
    expect(wall.locator("#question")).to_contain_text("percentage")
    page.goto(f"{address}/02_decay_rate.html")
    page.locator(".rd-figure").first.scroll_into_view_if_needed()
    page.locator(".rd-live .fe-layer svg").first.wait_for(timeout=60_000)
    form = page.locator(".fx", has_text="what percentage").first
    commits = form.get_by_role("button", name="That is my guess")
    uncovers = page.get_by_role("button", name="Show me anyway")
    expect(commits).to_be_visible()
    wall.keyboard.press("PageDown")
    expect(commits).to_be_hidden()
    expect(uncovers).to_be_hidden()
    sheet = page.get_by_role("complementary", name="Class vote")
    dark = "one => getComputedStyle(one.closest('.vote')).backgroundColor"
    assert sheet.evaluate(dark) == "rgb(22, 24, 27)"
    assert Axe().run(page, context=".vote-sheet").response["violations"] == []
    sheet.get_by_role("textbox").fill("many")
    sheet.get_by_role("button", name="Send").click()
    expect(sheet.get_by_role("alert")).to_contain_text("A number is asked for")
    sheet.get_by_role("textbox").fill("20 %")
    sheet.get_by_role("button", name="Send").click()
    expect(sheet.get_by_role("status")).to_contain_text("Sent: 20 percent")
    expect(wall.locator("#count")).to_contain_text("1 vote")
    wall.keyboard.press("PageDown")
    expect(sheet).to_contain_text("closed")
    expect(commits).to_be_hidden()
    assert "22.3" not in sheet.inner_text() + form.inner_text()
    wall.keyboard.press("r")
    expect(sheet).to_contain_text("22.3 percent")
    expect(commits).to_be_visible()
    wall.on("dialog", lambda dialog: dialog.accept())
    wall.get_by_text("Keys and votes").click()
    wall.get_by_role("button", name="Forget").click()
    expect(sheet).to_be_hidden()
    context.close()
