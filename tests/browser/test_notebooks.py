"""Every notebook is opened, run and used in a browser, as a reader would."""

import csv
import io
import math
import re
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from shown import figures

from classroom.robot import number_in, until
from exercises import (
    book_figures,
    decay_rate,
    derived,
    first_epochs,
    four_answers,
    memory,
    playground,
    scaling,
    start_here,
    tail_off,
)
from explorers import all_figures

# What a student's screen is like, and a telephone's; whether the file browser is open.
SIZES = ((1440, 900, True), (1280, 720, True), (720, 900, False), (640, 500, False),
         (390, 844, False), (360, 740, False))  # fmt: skip

# What sticks out of the figure's box, or the box out of the window, or has more text than it shows.
_CUT_OFF = """root => {
  const box = root.getBoundingClientRect();
  if (box.left < 0 || box.right > innerWidth) return [`the figure is ${box.width} wide`];
  return [...root.querySelectorAll("button, input, select, summary, p, output, label, .fe-layer")]
    .filter((one) => one.checkVisibility())
    .filter((one) => {
      const own = one.getBoundingClientRect();
      const out = own.left < box.left - 1 || own.right > box.right + 1;
      const hidden = getComputedStyle(one).overflowX !== "visible"
        && one.scrollWidth > one.clientWidth + 1 && one.tagName !== "INPUT";
      return out || hidden;
    })
    .map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`);
}"""

# The contrast, by WCAG's formula, of each text that is no picture and can be pressed or read.
_CONTRASTS = """root => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => {
    const colour = channels(getComputedStyle(one).backgroundColor);
    return colour[3] === 0 ? behind(one.parentElement) : colour;
  };
  return [...root.querySelectorAll("*:not(svg *, :disabled, :disabled *)")]
    .filter((one) => one.checkVisibility() && (one.matches("input[type=text]")
      || [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())))
    .map((one) => {
      const both = [channels(getComputedStyle(one).color), behind(one)].map(luminance);
      const [dark, light] = both.sort((a, b) => a - b);
      return [`${one.tagName} ${one.className} ${one.textContent}`, (light + 0.05) / (dark + 0.05)];
    });
}"""


def _barrier(violation):
    where = [node["target"] for node in violation["nodes"]]
    return f"{violation['id']} ({violation['impact']}): {violation['help']}, at {where}"


class Notebook:
    """What holds for every notebook. Subclasses say which, and what is in it."""

    notebook = ""
    predictions = ()  # (a line of the cell, a right answer)
    exercises = ()  # (exercise, its name in the notebook, a wrong answer, a word of the reply)

    def test_runs_without_errors(self, lab, server):
        assert lab.prompts() == [f"[{n}]" for n in range(1, len(lab.prompts()) + 1)]
        assert lab.error_outputs() == []
        assert server.errors() == server.known_errors
        assert lab.errors == []

    # Sliders, choices and the player.

    def test_keyboard_moves_each_slider(self, figure):
        start = figure.rest()["preset"]
        for slider in figure.sliders():
            last = slider.last()
            presets = {slider.index(): figure.said()["preset"]}
            for key, way in [("ArrowRight", 1), ("PageUp", math.ceil(last / 8)),
                             ("End", last), ("Home", -last), ("ArrowLeft", -1)]:  # fmt: skip
                expected = min(last, max(0, slider.index() + way))
                slider.key(key)
                assert slider.index() == expected
                presets[expected] = slider.arrived()["preset"]
                assert slider.index() == expected
            assert len({*presets.values()}) == len(presets) > 1  # each stop is another setting
            figure.paste(start)
            until(lambda: figure.said()["preset"] == start, 10, "where it started")
        figure.press("Defaults")

    @pytest.mark.of_the_page
    def test_mouse_moves_each_slider(self, figure):
        figure.rest()
        for slider in figure.sliders():
            for share in (0.25, 0.75):
                figure.page.mouse.click(*slider.point(share))
                slider.arrived()
                assert slider.index() == pytest.approx(
                    share * slider.last(), abs=1 + slider.last() / 30
                )
        figure.press("Defaults")

    def test_choices_by_keyboard(self, figure):
        figure.rest()
        for choice in figure.choices():
            texts = choice.locator.locator("option").all_inner_texts()
            labels = set()
            for text in texts:
                choice.key("Home" if text == texts[0] else "ArrowDown")

                def answered(choice=choice, text=text):
                    return choice.preset() == text.replace(" ", "_")

                until(answered, 10, f"{choice.name} = {text}")
                now = figure.quiet(rest=0.1)
                assert now["label"] == f"{now['title']}. {now['sentence']}"
                assert texts[choice.index()] == text
                labels.add(now["label"])
            assert figure.is_playable or len(labels) == len(texts)
        figure.press("Defaults")

    def test_play_move_pause_step_reset(self, player, lab):
        player.rest()
        _slowly(player)
        player.press("Step")
        until(lambda: player.epoch() == 1, 10, "one epoch")
        assert player.quiet()["play"] == "Play"
        assert player.epoch() == 1

        player.press("Play")
        until(lambda: player.said()["play"] == "Pause", 10, "Play")
        until(lambda: player.epoch() >= 2, 10, "further epochs")
        begun = player.epoch()
        player.handle("lmbda").key("PageDown")
        player.handle("eta").key("PageUp")
        note = re.compile("Moved on the way: .*λ → [0-9.]+.* from epoch [0-9]")
        until(lambda: note.search(player.said()["sentence"]), 10, "a move in the sentence")
        until(lambda: player.epoch() > begun, 10, "the run to go on")

        player.press("Pause")
        until(lambda: player.said()["play"] == "Play", 10, "Pause, before the end")
        until(lab.nothing_runs, 10, "the epoch that was on its way")
        paused = player.quiet()
        time.sleep(0.8)
        assert player.now() == paused

        player.press("Play")
        until(lambda: player.said()["play"] == "Pause", 10, "Play")
        player.press("Reset")
        until(lambda: player.epoch() == 0, 5, "Reset")
        fresh = player.quiet()
        time.sleep(0.8)
        assert player.now() == fresh
        assert fresh["play"] == "Play"
        assert "Moved" not in fresh["sentence"]
        assert lab.nothing_runs()
        player.press("Defaults")

    @pytest.mark.of_the_page
    def test_nothing_runs_on_when_the_cell_is_run_again(self, player, lab):
        player.rest()
        for name in ("n_train", "hidden"):  # as slow as it can be
            if player.has(name):
                player.handle(name).key("End")
                player.handle(name).arrived()
        player.press("Play")
        until(lambda: player.epoch() >= 1, 20, "an epoch")
        lab.run(player.cell)
        until(lab.nothing_runs, 30, "the old figure's end")  # and the new one's first results
        lab.uncover()
        assert player.quiet()["sentence"]

    # Dragging.

    @pytest.mark.of_the_page
    def test_a_fast_drag_ends_where_the_handle_is(self, figure):
        if not figure.sliders():
            pytest.skip("no slider")
        figure.rest()
        figure.shrink()
        slider = figure.slider()
        _drag(slider, steps=50, seconds=2.0)
        spoken = slider.spoken()
        slider.arrived(seconds=1.5)
        then = figure.quiet()
        time.sleep(1.5)
        assert figure.now() == then
        assert slider.index() == pytest.approx(0.8 * slider.last(), abs=1 + slider.last() / 30)
        assert spoken == slider.spoken() in then["spoken"]
        assert float(slider.preset()) == number_in(spoken)
        for key in ("ArrowLeft", "ArrowRight"):
            slider.key(key)
            slider.arrived()
        assert figure.quiet()["curves"] == then["curves"]  # so it was the picture of that value
        figure.press("Defaults")

    def test_the_picture_brings_no_style_for_the_whole_page(self, figure):
        assert figure.root.locator(".fe-layer style").count() == 0
        style = figure.root.evaluate(  # in one go: a new picture may come in between
            "root => ({...getComputedStyle([...root.querySelectorAll('.fe-over g')].at(-1))})"
        )
        assert style["strokeLinejoin"] == "round"

    # What stands under the figure.

    def test_numbers_unfold(self, figure):
        summary = figure.root.locator(".fe-numbers summary")
        table = figure.root.locator(".fe-numbers table")
        figure.press("Defaults")
        figure.quiet()
        assert not table.is_visible()
        summary.focus()
        figure.page.keyboard.press("Enter")
        until(table.is_visible, 2, "the numbers")
        rows = figure.now()["table"]
        assert rows and all(len(row) == 2 and all(row) for row in rows)
        assert any(re.search(r"\d", value) for _, value in rows)
        figure.page.keyboard.press("Enter")
        until(lambda: not table.is_visible(), 2, "the fold")

    @pytest.mark.of_the_page
    def test_bad_preset_is_refused_in_words_and_the_next_move_clears_them(self, figure):
        figure.rest()
        before = figure.now()
        figure.paste("nonsense eta=1")
        until(lambda: "starts with" in figure.said()["message"], 5, "a message")
        assert figure.said()["sentence"] == before["sentence"]
        name = before["preset"].split()[0]
        figure.paste(f"{name} lmbda=-1")
        until(lambda: "starts with" not in figure.said()["message"], 5, "another message")
        assert "lmbda" in figure.said()["message"]
        figure.press("Defaults")
        until(lambda: not figure.said()["message"], 5, "no message")
        # The field still has the text that was refused if it has the focus, and only then.
        until(lambda: figure.said()["preset"].startswith(f"{name} "), 5, "the preset")

    def test_saves_svg_png_and_csv(self, figure):
        figure.press("Defaults")
        if figure.is_playable:
            figure.rest()
            figure.press("Step")
            until(lambda: figure.epoch() >= 1, 10, "an epoch")
        now = figure.quiet()
        files = {}
        for text in ("Save as SVG", "Save as PNG", "Save data as CSV"):
            with figure.page.expect_download() as download:
                figure.press(text)
            stem, ending = download.value.suggested_filename.rsplit(".", 1)
            assert stem == now["preset"].replace(" ", "_")
            files[ending] = Path(download.value.path()).read_bytes()
        svg = ET.fromstring(files["svg"])
        assert svg.tag.endswith("svg")
        assert _curves(svg) == _in_one_line(now["curves"]) and len(now["curves"]) > 5
        png = Image.open(io.BytesIO(files["png"])).convert("RGBA")
        png = Image.alpha_composite(Image.new("RGBA", png.size, "white"), png).convert("L")
        dark = np.mean(np.asarray(png) < 200, axis=1) > 0  # rows with something on them
        assert png.size[0] > 1000 and dark.mean() > 0.5
        header, *rows = csv.reader(files["csv"].decode().splitlines())
        assert rows and {len(row) for row in rows} == {len(header)}

    @pytest.mark.of_the_page
    def test_preset_pasted_into_a_second_figure_shows_the_same(self, figure, lab, request):
        figure.rest()
        figure.shrink()
        forget = figure.button("Forget the kept run")
        if forget.count():  # no preset tells of one
            forget.click()
        if figure.is_playable:  # else lambda would move in mid-run, which no preset tells either
            figure.hurry()
            figure.press("Play")
            until(lambda: figure.said()["play"] == "Play again", 40, "the end of the first run")
        if figure.sliders():
            figure.slider().key("PageUp")
            figure.slider().arrived()
        else:
            figure.choices()[0].key("End")
        time.sleep(0.3)
        if figure.is_playable:  # the move has begun a new run
            until(lambda: figure.said()["play"] == "Play again", 40, "the end of the run")
        shown = figure.quiet()
        figure.press("Copy preset")
        until(lambda: figure.button("Copied").is_visible(), 2, "the copy")
        kind = request.node.callspec.id
        with lab.scratch() as cell:
            lab.run(cell, f"from explorers import {kind}\n{kind}()")
            second = lab.figure(lab.page.locator(".jp-Notebook .fe").count() - 1)
            other = second.quiet()
            ids = lab.page.eval_on_selector_all(".fe [id]", "all => all.map((one) => one.id)")
            assert len({*ids}) == len(ids)
            assert other["preset"] != shown["preset"] and other["curves"] != shown["curves"]
            field = second.root.locator(".fe-preset")
            field.click()
            field.press("Control+a")
            field.press("Control+v")
            field.press("Enter")
            until(lambda: second.said()["sentence"] == shown["sentence"], 30, "the same sentence")
            now = second.quiet()
            for what in ("preset", "label", "table", "spoken", "written", "curves"):
                assert now[what] == shown[what]
        figure.root.scroll_into_view_if_needed()
        figure.press("Defaults")

    # For those who do not see it, or have no mouse.

    def test_everything_has_a_name(self, lab):
        lab.uncover()
        nodes = lab.accessible_nodes()
        roles = [role for role, _ in nodes]
        assert {"button", "textbox", "image"} <= {*roles}
        assert {"slider", "combobox"} & {*roles}
        assert roles.count("image") >= len(figures()[self.notebook])
        assert [node for node in nodes if not node[1]] == []

    def test_tab_goes_in_reading_order(self, figure):
        figure.rest()
        where = """root => {
          const all = [...root.querySelectorAll("button, input, select, summary")]
            .filter((one) => !one.disabled && one.checkVisibility());
          const one = document.activeElement, box = one.getBoundingClientRect();
          const top = box.top - root.getBoundingClientRect().top;  // Tab scrolls the page
          const middle = top + box.height / 2;
          return [all.indexOf(one), all.length, middle, box.height, box.left, box.right];
        }"""
        figure.root.locator("input, select").first.focus()
        stops = [figure.root.evaluate(where)]
        for _ in range(stops[0][1] - 1):
            figure.page.keyboard.press("Tab")
            stops.append(figure.root.evaluate(where))
        assert [stop[0] for stop in stops] == list(range(stops[0][1]))
        for (_, _, y, height, left, right), (_, _, next_y, _, next_left, _) in pairwise(stops):
            in_line = abs(next_y - y) <= max(height, 20) and next_left > left
            assert next_y > y + height / 2 or in_line or next_left >= right  # in the next column

    def test_the_focus_is_seen(self, lab):
        """As a ring with a gap: one that lies on a blue button's edge can't be told from it."""
        look = """root => [...root.querySelectorAll("button, input, select, summary")]
          .filter((one) => one.checkVisibility() && !one.matches(":disabled"))
          .map((one) => {
            one.focus();
            const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(one);
            return [outlineStyle, parseFloat(outlineWidth), parseFloat(outlineOffset)];
          })"""
        lab.uncover()
        for root in lab.page.locator(".jp-Notebook .fe, .jp-Notebook .fx").all():
            root.locator("input, select, button").first.focus()
            lab.page.keyboard.press("Tab")  # from here on the focus moves as with a key
            found = root.evaluate(look)
            assert len(found) > 1  # it has looked
            assert [one for one in found if one[0] != "solid" or one[1] < 3 or one[2] < 2] == []

    @pytest.mark.of_the_page
    def test_by_keyboard_alone(self, figure, lab):
        """From the cell into its figure, through all of it, and never a touch of the mouse."""
        figure.rest()
        keys = figure.page.keyboard
        figure.cell.evaluate("cell => cell.focus()")
        _tab_to(figure.root.locator("input, select").first)
        handle = (figure.choices() or figure.sliders())[0]
        _tab_to(handle.locator)
        before, stood = figure.now(), handle.index()
        keys.press("Home" if handle.index() else "End")
        until(lambda: figure.said()["preset"] != before["preset"], 10, "another preset")
        if figure.is_playable:
            _tab_to(figure.button("Play"))
            keys.press("Space")
            until(lambda: figure.said()["play"] == "Pause", 5, "Play")
            keys.press("Enter")
            until(lambda: figure.said()["play"] == "Play", 5, "Pause, before the end")
        _tab_to(figure.root.locator(".fe-numbers summary"))
        keys.press("Space")
        until(figure.root.locator(".fe-numbers table").is_visible, 2, "the numbers")
        keys.press("Space")
        _tab_to(figure.root.locator(".fe-preset"))
        keys.press("Control+a")
        keys.insert_text(before["preset"])
        keys.press("Enter")
        until(lambda: handle.index() == stood, 10, "the pasted preset")
        assert figure.quiet(rest=0.1)["label"].endswith(figure.said()["sentence"])

    @pytest.mark.of_the_page
    def test_arrows_stay_with_the_handle(self, figure, lab):
        figure.rest()
        for handle in [*figure.sliders()[:1], *figure.choices()[:1]]:
            handle.locator.focus()
            active = lab.active_cell()
            for key in ("ArrowDown", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"):
                figure.page.keyboard.press(key)
            assert lab.active_cell() == active
            assert handle.locator.evaluate("one => one === document.activeElement")
        figure.press("Defaults")

    @pytest.mark.of_the_page
    def test_shift_enter_goes_on_to_the_next_cell(self, figure, lab):
        """And does not run the figure's own cell again, which would put all handles back."""
        figure.rest()
        for stop in (figure.root.locator("input, select").first, figure.button("Projector")):
            stop.focus()
            shown, prompts, active = figure.quiet(), lab.prompts(), lab.active_cell()
            figure.page.keyboard.press("Shift+Enter")
            assert lab.active_cell() == active + 1
            assert figure.quiet() == shown and lab.prompts() == prompts
        figure.press("Defaults")

    @pytest.mark.of_the_page
    def test_findings_are_announced_after_rest(self, figure):
        figure.rest()
        time.sleep(0.8)  # what went before has been said
        figure.watch()
        handle = figure.slider() if figure.sliders() else figure.choices()[-1]
        if figure.is_playable:
            figure.press("Step")
        handle.locator.focus()
        for _ in range(0 if figure.is_playable else 4 if figure.sliders() else 2):
            figure.page.keyboard.press("ArrowDown")
            time.sleep(0.05)

        rest = 0.65  # the page waits for 0.7 s, and a busy one notes a finding late

        def rests(seen):  # a figure may say how far it is, even between two keys on a busy machine
            return sum(then - came > rest for came, then in pairwise([*seen["came"], seen["now"]]))

        seen = figure.seen()
        assert len(seen["announced"]) <= rests(seen)
        now = figure.quiet(rest=1.2)
        seen = figure.seen()
        assert seen["announced"][-1] == now["sentence"] == figure.live()
        assert len(seen["announced"]) <= rests(seen)
        assert min(seen["rests"]) > rest  # each after one, however long the keys took
        figure.press("Defaults")

    def test_axe_finds_no_barrier(self, lab):
        """axe-core's rules, on our own markup; JupyterLab around it is not ours to mend."""
        for kind in (".fe", ".fx"):
            if lab.page.locator(f".jp-Notebook {kind}").count():
                found = Axe().run(lab.page, context=f".jp-Notebook {kind}").response
                assert len(found["passes"]) > 5  # it has looked
                assert [_barrier(one) for one in found["violations"]] == []

    def test_text_stands_out_from_what_is_behind_it(self, lab):
        """axe takes all text in JupyterLab for hidden, and measures no contrast there."""
        for root in lab.page.locator(".jp-Notebook .fe, .jp-Notebook .fx").all():
            found = root.evaluate(_CONTRASTS)
            assert len(found) > 3  # it has looked
            assert [one for one in found if one[1] < 4.5] == []

    def test_at_every_size(self, figure):
        """Letters can be read and nothing is cut off; on a screen, all that matters is together.

        A window half as wide is what the page sees when the browser enlarges it twofold.
        """
        page, before, is_open = figure.page, figure.page.viewport_size, False
        figure.folds(are_open=False)
        switch = figure.button("Projector")
        try:
            for width, height, with_files in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                if with_files != is_open:
                    page.keyboard.press("Control+b")
                    is_open = with_files
                seen = figure.laid_out()
                assert seen["letters"] >= 10.99, width
                assert not with_files or seen["together"] <= seen["window"], width
                if width > 360:  # there, the picture can be moved sideways
                    assert figure.root.evaluate(_CUT_OFF) == [], width
                if width == 1280:
                    switch.click()
                    until(lambda: switch.get_attribute("aria-pressed") == "true", 10, "projector")
                    seen = figure.laid_out()
                    assert seen["letters"] >= 16 and seen["sentence"] > 20
                    switch.click()
                    until(lambda: switch.get_attribute("aria-pressed") == "false", 10, "the end")
        finally:
            page.set_viewport_size(before)
            if is_open:
                page.keyboard.press("Control+b")
            figure.laid_out()

    # Questions.

    def test_predictions(self, lab):
        found = lab.predictions()
        assert len(found) == len(self.predictions)
        for form, (_, right) in zip(found, self.predictions):
            form.scroll_into_view_if_needed()
            form.get_by_role("button", name="That is my guess").click()
            until(lambda form=form: form.locator(".fx-message").inner_text(), 5, "a message")
            _answer(form, right)
            said = _outcome(form)
            assert said.startswith("✓ Right. You said ")
            assert form.locator(".fx-message").inner_text() == ""
            assert form.get_by_role("button", name="Show me").is_disabled()

    @pytest.mark.of_the_page
    def test_wrong_guess_and_none(self, lab):
        for number, (line, right) in enumerate(self.predictions):
            form = _anew(lab, number, line)
            form.get_by_role("button", name="Show me without guessing").click()
            told = _outcome(form)
            assert "You said" not in told
            form = _anew(lab, number, line)
            if isinstance(right, str):
                options = form.locator("label").all_inner_texts()
                wrong = next(text.strip() for text in options if text.strip() != right)
                expected = f"✗ Not so. You said “{wrong}”. "
            else:
                wrong = right - 45
                expected = f"✗ Not so. You said {wrong} "
            _answer(form, wrong)
            said = _outcome(form)
            assert said.startswith(expected)
            assert said.casefold().endswith(told.casefold())  # the same result as without a guess

    @pytest.mark.of_the_page
    def test_predictions_by_keyboard_alone(self, lab):
        keys = lab.page.keyboard
        for number, (line, right) in enumerate(self.predictions):
            form = _anew(lab, number, line)
            lab.cell(line).evaluate("cell => cell.focus()")
            _tab_to(form.locator("input").first)
            if isinstance(right, str):
                keys.press("Space")
                for _ in range(form.locator("label").count()):
                    if form.get_by_label(right, exact=True).is_checked():
                        break
                    keys.press("ArrowDown")
            else:
                keys.insert_text(str(right))
            _tab_to(form.get_by_role("button", name="That is my guess"))
            keys.press("Space")
            said = _outcome(form)
            assert said.startswith("✓ Right. You said ")
            prompts, active = lab.prompts(), lab.active_cell()
            keys.press("Shift+Enter")  # the way goes on from here, and nothing runs again
            assert lab.active_cell() == active + 1
            assert _outcome(form) == said and lab.prompts() == prompts
            keys.press("Tab")  # from here too, not from the top of the page
            assert form.evaluate(
                "form => form.compareDocumentPosition(document.activeElement)"
                " & Node.DOCUMENT_POSITION_FOLLOWING"
            )

    def test_exercises(self, lab):
        for exercise, name, wrong, word in self.exercises:
            cell = lab.cell(f"{name}.check(")
            lab.run(cell)  # which has it on the screen
            verdict, hints = cell.locator(".fx-verdict"), cell.locator(".fx-hints li")
            assert verdict.inner_text().startswith("→ Your turn.")
            assert hints.count() == 0 and exercise.hints[0] not in cell.inner_text()
            cell.get_by_role("button", name="Give me a hint").click()
            until(lambda hints=hints: hints.count() == 1, 5, "a hint")
            assert hints.inner_text() == exercise.hints[0]
            cell.get_by_role("button", name="Another hint").click()
            until(lambda hints=hints: hints.count() == 2, 5, "another hint")
            cell.get_by_role("button", name="Show a solution").click()
            solution = cell.locator(".fx-solution")
            until(solution.is_visible, 5, "the solution")
            assert solution.inner_text() == exercise.solution
            answer = re.search(rf"{name}\.check\((\w+)\)", cell.inner_text())[1]
            lab.run(cell, f"{answer} = {wrong}\n{name}.check({answer})")
            assert verdict.inner_text().startswith("✗ Not yet.") and word in verdict.inner_text()
            given = re.findall(r"^(?:def )?(\w+)(?: =|\()", exercise.solution, flags=re.MULTILINE)
            lab.run(cell, f"{exercise.solution}\n{name}.check({given[-1]})")
            assert verdict.inner_text().startswith("✓ Right.")


def _tab_to(wanted):
    for _ in range(30):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        wanted.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {wanted}")


def _curves(svg):
    """Return the curves and marks of a saved file, as `_in_one_line` has those of the page."""
    paths, uses = (svg.iter(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("path", "use"))
    found = [one.get("d") for one in paths] + [f"{one.get('x')}, {one.get('y')}" for one in uses]
    return _in_one_line(found)


def _in_one_line(curves):
    return {" ".join(curve.split()) for curve in curves}


def _slowly(player, n_train=10_000, hidden=30):
    """Train on so many images that a run is not over before one has pressed a button."""
    preset = player.said()["preset"]
    for name, value in [("n_train", n_train), ("hidden", hidden), ("epochs", 120)]:
        preset = re.sub(rf"\b{name}=\S+", f"{name}={value}", preset)
    player.paste(preset)
    until(lambda: player.handle("n_train").preset() == str(n_train), 10, "more images")
    assert player.quiet()["play"] == "Play"


def _drag(slider, *, steps, seconds):
    mouse = slider.figure.page.mouse
    (left, y), (right, _) = slider.point(0.2), slider.point(0.8)
    mouse.move(left, y)
    mouse.down()
    begun = time.monotonic()
    for step in range(1, steps + 1):
        mouse.move(left + (right - left) * step / steps, y)
        time.sleep(max(0, begun + seconds * step / steps - time.monotonic()))
    mouse.up()


def _anew(lab, number, line):
    """Run a prediction's cell again, take back a guess of before, and return the new form."""
    lab.run(lab.cell(line))
    form = lab.predictions()[number]
    form.scroll_into_view_if_needed()
    if "Guess again" in form.inner_text():
        form.get_by_role("button", name="Guess again").click()
        until(lambda: not form.locator(".fx-outcome").is_visible(), 5, "the question")
    return form


def _weighed_anew(lab):
    lab.run(lab.cell("weigh_question()"))
    lab.arguments()[0].scroll_into_view_if_needed()


def _outcome(form):
    until(lambda: form.locator(".fx-outcome").inner_text(), 20, "the result")
    return form.locator(".fx-outcome").inner_text()


def _answer(form, guess):
    if isinstance(guess, str):
        form.get_by_label(guess, exact=True).check()
    else:
        form.get_by_label("Your guess").fill(str(guess))
    form.get_by_role("button", name="That is my guess").click()


def test_each_figure_is_found_in_a_notebook():
    """Those that are not found would be tested nowhere, in silence."""
    found = {one.kind for shown in figures().values() for one in shown}
    assert found == {cls.__name__ for cls in all_figures().values()}


# First, since it takes longest.
class TestTailOff(Notebook):
    notebook = "03_tail_off"
    predictions = (
        ("predict_width()", tail_off.predict_width()._right),
        ("predict_lambda()", tail_off.predict_lambda()._right),
    )
    exercises = (
        (tail_off.saturation_scale, "tail_off.saturation_scale", "1 / 28", "fan_in"),
        (tail_off.tail_epoch, "tail_off.tail_epoch", "41.65", "1/√fan_in"),
        (tail_off.other_images, "tail_off.other_images", "54.6", "the size of the weights"),
    )


class TestStartHere(Notebook):
    notebook = "00_start_here"
    predictions = (
        ("predict_puzzle()", start_here.predict_puzzle()._right),
        ("predict_picture()", start_here.predict_picture()._right),
    )
    exercises = (
        (start_here.claimed_size, "start_here.claimed_size", "1 / 28", "one neuron"),
    )  # fmt: skip

    def test_a_figure_is_covered_until_its_question_is_answered(self, lab):
        form = _anew(lab, 0, self.predictions[0][0])
        lab.run(lab.cell("puzzle.covers"))
        root = lab.cell("puzzle.covers").locator(".fe")
        cover, told = root.locator(".fe-cover"), lambda: root.locator(".fe-sentence").inner_text()
        until(cover.is_visible, 5, "the cover")
        assert told() == "" and root.locator(".fe-over path").count() == 0
        assert not root.locator("input").first.is_visible()
        _answer(form, self.predictions[0][1])
        until(lambda: not cover.is_visible(), 20, "the figure")
        assert "weights" in told() and root.locator(".fe-over path").count() > 0
        form.get_by_role("button", name="Guess again").click()
        until(cover.is_visible, 5, "the cover again")
        cover.get_by_role("button", name="Show me anyway").click()
        until(lambda: not cover.is_visible(), 5, "the figure again")

    def test_a_guess_survives_a_reload(self, lab):
        line, right = self.predictions[0]
        form = _anew(lab, 0, line)
        _answer(form, right)
        said = _outcome(form)
        lab.run(lab.cell(line))  # as after a reload, Python knows nothing of the guess
        assert _outcome(lab.predictions()[0]) == said
        _anew(lab, 0, line)
        lab.run(lab.cell(line))
        assert lab.predictions()[0].get_by_role("button", name="That is my guess").is_enabled()

    def test_a_link_in_the_text_moves_the_figure(self, lab):
        figure = lab.figure(cell=lab.cell("puzzle.covers"))
        figure.press("Defaults")
        where, before = lab.page.url, figure.quiet()
        links = "[a](#puzzle:lmbda=10) [b](#puzzle:lmbda=0&eta=0.5) [c](#penalty:lmbda=7)"
        with lab.scratch() as cell:
            code = f"from IPython.display import Markdown\nMarkdown({links!r})"
            lab.run(cell, code)
            cell.get_by_role("link", name="a").click()
            seen = figure.handle("lmbda").arrived()
            assert seen["preset"] == before["preset"].replace("lmbda=5", "lmbda=10")
            assert seen["sentence"] != before["sentence"]
            in_sight = lab.page.viewport_size["height"]
            until(lambda: 0 < figure.root.locator(".fe-figure").bounding_box()["y"] < in_sight,
                  5, "the figure")  # fmt: skip
            cell.get_by_role("link", name="b").focus()
            lab.page.keyboard.press("Enter")
            until(lambda: figure.said()["preset"] == "puzzle eta=0.5 lmbda=0", 10, "both values")
            assert lab.page.url == where  # nor is there anything to go back to
            cell.get_by_role("link", name="c").click()  # no such figure is here
            assert figure.quiet()["preset"] == "puzzle eta=0.5 lmbda=0"
        figure.root.scroll_into_view_if_needed()
        figure.press("Defaults")

    def test_a_killed_kernel_is_told_of_on_all_that_it_leaves_behind(self, lab):
        figure = lab.figure()
        form = _anew(lab, 0, self.predictions[0][0])
        figure.rest()
        slider = figure.slider()
        shown = figure.now()
        lab.kill()
        slider.key("PageUp")
        form.get_by_role("button", name="Show me").click()
        until(lambda: figure.said()["sign"], 2, "a sign")
        until(lambda: "Python has stopped" in figure.said()["sign"], 10, "word of it")
        lab.page.click(".jp-Dialog .jp-mod-accept")  # JupyterLab has something to say too
        assert "cells again" in figure.said()["sign"]
        assert slider.spoken() in shown["spoken"]  # back to what the picture shows
        assert "Python has stopped" in form.locator(".fx-sign").inner_text()
        slider.key("Home")
        assert slider.spoken() in shown["spoken"]


class TestFirstEpochs(Notebook):
    notebook = "01_first_epochs"
    predictions = (
        ("predict_sum_of_squares()", first_epochs._DECAY),
        ("predict_step_length()", first_epochs._DATA),
        ("predict_displacement()", first_epochs._BOTH),
        ("predict_dimming()", memory.predict_dimming()._right),
    )
    exercises = (
        (first_epochs.ledger_entry, "first_epochs.ledger_entry",
         "lambda w, G, *_: (0.0, 0.0, 0.0)", "decay"),
        (first_epochs.lambda_threshold, "first_epochs.lambda_threshold", "5.0", "Go down"),
    )  # fmt: skip

    def test_kernel_restarted_in_mid_training(self, player, lab):
        player.rest()
        _slowly(player)
        player.press("Play")
        until(lambda: player.epoch() >= 1, 10, "an epoch")
        lab.restart()
        until(lambda: "Python has stopped" in player.said()["sign"], 1, "word of it")
        # What the old kernel was just saying arrives cut off, now and then.
        lab.errors[:] = [one for one in lab.errors if "Kernel message validation" not in one]
        with lab.scratch():  # counts one, so that no cell gets the number that it had
            pass
        for line, _ in self.predictions[:3]:  # whose answers the figure waits for
            lab.run(lab.cell(line))
        lab.run(player.cell)
        player.root.scroll_into_view_if_needed()
        lab.uncover()
        player.rest()
        player.press("Step")
        until(lambda: player.epoch() == 1, 10, "an epoch")
        assert lab.error_outputs() == []


class TestDecayRate(Notebook):
    notebook = "02_decay_rate"
    predictions = (
        ("predict_step()", "about a hundred-thousandth"),
        ("predict_epochs()", 22),
    )
    exercises = (
        (decay_rate.exact_factor, "exact_factor",
         "lambda eta, lmbda, n_train, m: 1 - eta * lmbda / n_train", "*step*"),
        (decay_rate.epochs_to_new, "epochs_to_new", "28", "28 is the factor"),
        (memory.split, "split", "lambda w0, w, *_: (w0, w - w0)", "start itself"),
        (memory.empty_message, "empty_message", "(0, 0)", "control group"),
    )  # fmt: skip

    def test_the_measured_number_stands_beside_the_guess(self, lab):
        form = _anew(lab, 1, "predict_epochs()")
        _answer(form, 50)
        assert "; it is 22.3 percent." in _outcome(form)

    def test_a_busy_kernel_gets_only_the_newest_wish(self, figure, lab):
        figure.rest()
        slider = figure.handle("lmbda")
        figure.watch()
        with lab.busy_figures():
            _drag(slider, steps=50, seconds=2)
            last = slider.spoken()
        slider.arrived()
        figure.quiet(rest=1.0)
        assert slider.spoken() == last
        presets = figure.seen()["presets"]
        assert len(presets) <= 3, presets  # before it was busy, the first wish, the last

    def test_a_busy_kernel_is_seen_to_be_waited_for_until_it_answers(self, figure, lab):
        figure.rest()
        with lab.busy_figures():
            figure.handle("lmbda").key("ArrowRight")
            until(lambda: "Waiting" in figure.said()["sign"], 2, "a sign")
        until(lambda: not figure.said()["sign"], 10, "an answer")
        figure.press("Defaults")

    def test_a_pressed_button_shows_it_at_once_though_python_is_busy(self, figure, lab):
        """The sign comes in the click itself, so it needs no clock to be measured with."""
        figure.rest()
        pressed = figure.root.get_by_role("button", name="Defaults")
        with lab.busy_figures():
            assert pressed.evaluate("node => (node.click(), node.ariaBusy)") == "true"
        until(lambda: pressed.get_attribute("aria-busy") is None, 10, "an answer")


class TestBookGraphs(Notebook):
    notebook = "04_book_graphs"
    predictions = (
        ("predict_share", "about a half"),
        ("predict_finished", "still larger, but less than twice as large"),
    )
    exercises = (
        (book_figures.meeting_epoch, "questions.meeting_epoch", "41.84", "√2"),
    )  # fmt: skip


class TestFourAnswers(Notebook):
    notebook = "05_four_answers"
    exercises = (
        (four_answers.third_slip, "four_answers.third_slip", "0.025 * 5", "what the note says"),
        (four_answers.repaired_chalkboard, "four_answers.repaired_chalkboard",
         "lambda cost, share, lmbda, n_train, n_weights: "
         "(2 * n_train * cost / (lmbda * n_weights)) ** 0.5", "as it stands"),
    )  # fmt: skip

    def test_a_step_is_marked_and_its_verdict_takes_the_focus(self, lab):
        _weighed_anew(lab)
        one, two, *_ = lab.arguments()[0].locator(".fx-step").all()
        one.get_by_role("button", name="Compare").click()
        until(lambda: "Choose valid, gap or wrong" in one.inner_text(), 5, "a message")
        one.get_by_label("gap").check()
        one.get_by_role("button", name="Compare").click()
        said = one.locator("output")
        until(said.inner_text, 20, "the verdict")
        assert said.inner_text().startswith("✗ wrong. You marked it “gap”. ")
        assert said.evaluate("one => one === document.activeElement")
        assert "Choose" not in one.inner_text() and two.locator("output").inner_text() == ""
        assert "marked 1 of 4 steps, 0 of them" in lab.arguments()[0].inner_text()

    def test_a_step_by_keyboard_alone(self, lab):
        _weighed_anew(lab)
        keys, step = lab.page.keyboard, lab.arguments()[0].locator(".fx-step").nth(3)
        step.locator("input").first.focus()
        keys.press("Space")
        keys.press("ArrowRight")  # from valid to gap: nothing is sent yet
        assert step.get_by_label("gap").is_checked()
        keys.press("Tab")
        keys.press("Enter")
        said = step.locator("output")
        until(said.inner_text, 20, "the verdict")
        assert said.inner_text().startswith("◐ gap. You marked it so, too. ")
        assert lab.page.evaluate("document.activeElement.tagName") == "OUTPUT"

    def test_a_verdict_without_a_mark(self, lab):
        _weighed_anew(lab)
        step = lab.arguments()[0].locator(".fx-step").nth(1)
        step.get_by_role("button", name="Show me anyway").click()
        said = step.locator("output")
        until(said.inner_text, 20, "the verdict")
        assert said.inner_text().startswith("✗ wrong. (93) has η/m.")

    def test_steps_fit_at_every_width(self, lab):
        before = lab.page.viewport_size
        try:
            for width, height, _ in SIZES:
                lab.page.set_viewport_size({"width": width, "height": height})
                for root in lab.arguments():
                    root.scroll_into_view_if_needed()
                    assert root.evaluate(_CUT_OFF) == [], width
        finally:
            lab.page.set_viewport_size(before)


class TestPlayground(Notebook):
    notebook = "06_playground"
    predictions = (
        ("predict_too_strong()", playground.predict_too_strong()._right),
        ("predict_past_the_edge()", playground.predict_past_the_edge()._right),
    )
    exercises = ((playground.edge, "questions.edge", "4000", "flips"),)


class TestDerived(Notebook):
    notebook = "08_derived"
    predictions = (
        ("predict_total()", derived.predict_total()._right),
        ("predict_giving_up()", derived.predict_giving_up()._right),
    )
    exercises = (
        (derived.two_means, "derived.two_means", "6", "the product"),
        (derived.give_up, "derived.give_up", "derived.critical_lambda(1000)", "1,000 images"),
        (derived.tell_apart, "derived.tell_apart", "{'hidden': 8}", "hard to tell"),
    )


class TestScalingLaws(Notebook):
    notebook = "07_scaling_laws"
    predictions = (
        ("predict_lambda_law()", scaling.predict_lambda_law()._right),
        ("predict_eta()", scaling.predict_eta()._right),
        ("predict_brightness()", scaling.predict_brightness()._right),
    )
    exercises = (
        (scaling.upper_bound, "questions.upper_bound",
         "lambda lmbda, n_train, n_weights: (2 * n_train * 2.3 / (lmbda * n_weights)) ** 0.5",
         "nine wrong ones"),
        (scaling.forecast, "questions.forecast", "0.001568", "itself"),
    )  # fmt: skip

    def test_what_takes_long_can_be_stopped_and_goes_on(self, lab):
        figure = lab.figure(0)
        figure.handle("n_train").key("End")
        figure.handle("lmbda").key("Home")  # the weaker the decay, the longer
        picture = figure.root.locator(".fe-figure")  # the button lies in it, and over no slider
        stop = picture.get_by_role("button", name="Stop")
        until(stop.is_visible, 10, "Stop")
        stop.focus()
        figure.page.keyboard.press("Space")
        until(figure.button("Go on").is_visible, 10, "Go on")
        stopped = figure.quiet()
        time.sleep(1.5)
        assert figure.now() == stopped and lab.nothing_runs()
        assert "Settled so far" in stopped["sentence"]
        figure.page.keyboard.press("Space")  # the focus is where it was
        until(stop.is_visible, 10, "Stop")
        until(lambda: figure.said()["sentence"] != stopped["sentence"], 30, "another network")
        figure.handle("lmbda").key("End")
        until(stop.is_visible, 10, "Stop")
        stop.focus()
        assert "Over N_w" in figure.quiet()["sentence"]
        assert figure.page.evaluate("document.activeElement.textContent") == "Defaults"
        assert not stop.is_visible() and not figure.button("Go on").is_visible()
