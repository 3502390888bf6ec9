"""The question bank has what the notebooks ask, once it is read again, without what wrote it."""

import re
import zipfile
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest

from classroom.handout import render
from classroom.homework import bank
from classroom.notebooks import ROOT, paths
from reading.prose import predictions

SHEETS = ROOT / "classroom" / "sheets"


WITH_TEX = bank.Item(  # no sentence has TeX so far
    name="tex",
    notebook="99 Formulas",
    asks="Is w<sup>2</sup> * a<sub>1</sub> &lt; x_1 * y_2?",
    options=("<i>x</i>_1", "*y*"),
    right=0,
    close="",
    says=render(r"Since $\frac{\eta}{m} \cdot n_\text{train} < \sum_k x_k$, of course.").strip()[
        3:-4
    ],
)


@pytest.fixture(scope="module")
def banks(tmp_path_factory):
    """{name: (prediction, why)} as notebooks and sheets have them, the bank's items, its folder."""
    asked = {}
    for path in paths():
        sheet = (SHEETS / f"{path.stem}.md").read_text("utf-8")
        cells = nbformat.read(path, as_version=4).cells
        for name, prediction in predictions(cells, {}).items():
            why = re.search(rf"^\{{{name}\}} (.*)", sheet, re.MULTILINE)[1]
            asked[name] = prediction, why
    folder = tmp_path_factory.mktemp("bank")
    items = bank.items()
    bank.write([*items, WITH_TEX], folder)
    return asked, items, folder


def bare(markup):
    """The letters of HTML: what is left of a formula, however it is set."""
    words = re.sub(r"<[^>]*>", "", markup)
    for typed, read in {
        "&lt;": "<",
        "&gt;": ">",
        "&amp;": "&",
        "eta": "η",
        "lmbda": "λ",
        "−": "-",
        "’": "'",
        "*": "·",
        "_": "",
        "²": "2",
        "⁻": "-",
    }.items():
        words = words.replace(typed, read)
    return re.sub(r"\s", "", words)


def test_the_xml_of_moodle_has_the_predictions(banks):
    """Read again, and compared with what the notebooks ask, without what wrote it."""
    asked, _, folder = banks
    questions = ElementTree.parse(folder / "predictions-moodle.xml").getroot().findall("question")
    found = {one.findtext("idnumber"): one for one in questions if one.get("type") != "category"}
    assert found.keys() == asked.keys() | {"tex"}
    assert len(asked) == 19
    assert "Nineteen predictions" in (ROOT / "classroom/homework/README.md").read_text("utf-8")
    for name, (prediction, why) in asked.items():
        question, stored = found[name], prediction.stored()
        asks = question.findtext("questiontext/text")
        says = question.findtext("generalfeedback/text")
        assert bare(asks).startswith(bare(stored["question"]))
        assert bare(says) == bare(stored["measured"]) + bare(why)
        answers = [(one.get("fraction"), one.findtext("text")) for one in question.iter("answer")]
        if stored["options"]:
            assert [bare(option) for _, option in answers] == list(map(bare, stored["options"]))
            (right,) = (option for fraction, option in answers if fraction == "100")
            assert bare(right) == bare(stored["right"])
        else:
            assert float(answers[0][1]) == pytest.approx(stored["value"], rel=1e-5)
            assert float(question.findtext("answer/tolerance")) == stored["close"]
            assert stored["unit"] in asks


QTI = "{http://www.imsglobal.org/xsd/ims_qtiasiv1p2}"


def test_the_qti_of_canvas_is_whole_and_has_the_predictions(banks):
    asked, items, folder = banks
    with zipfile.ZipFile(folder / "predictions-canvas.zip") as archive:
        trees = {
            name: ElementTree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".xml")
        }
    listed = [one.get("href") for one in trees.pop("imsmanifest.xml").iter() if one.get("href")]
    assert set(listed) == set(trees)
    (quiz,) = (tree for tree in trees.values() if tree.tag == f"{QTI}questestinterop")
    found = quiz.findall(f".//{QTI}item")
    assert len({one.get("ident") for one in found}) == len(found) == len(asked) + 1
    for one, item in zip(found, items):
        prediction, why = asked[item.name]
        stored = prediction.stored()
        texts = [mat.text for mat in one.iter(f"{QTI}mattext")]
        assert bare(texts[0]).startswith(bare(stored["question"]))
        assert bare(texts[-1]) == bare(stored["measured"]) + bare(why)
        assert bare(texts[0]) == bare(item.asks)
        labels = {
            label.get("ident"): label.findtext(f".//{QTI}mattext")
            for label in one.iter(f"{QTI}response_label")
            if stored["options"]
        }
        assert list(map(bare, labels.values())) == list(map(bare, stored["options"]))
        scored = one.findall(f".//{QTI}respcondition[{QTI}setvar]")
        if stored["options"]:
            (right,) = (condition.find(f".//{QTI}varequal").text for condition in scored)
            assert bare(labels[right]) == bare(stored["right"])
        else:
            ends = [float(scored[0].find(f".//{QTI}{end}").text) for end in ("vargte", "varlte")]
            assert np.mean(ends) == pytest.approx(stored["value"], rel=1e-5)
            assert np.ptp(ends) == pytest.approx(2 * stored["close"])


def test_formulas_survive(banks):
    """Each system gets the HTML letter by letter: Markdown on its way has changed nothing."""
    _, items, folder = banks
    assert any("</i><sub>train</sub>" in item.says for item in items)
    assert "<math" in WITH_TEX.says and "<mfrac>" in WITH_TEX.says
    with zipfile.ZipFile(folder / "predictions-canvas.zip") as archive:
        texts = "\n".join(
            text
            for name in archive.namelist() if name.endswith(".xml")
            for text in ElementTree.fromstring(archive.read(name)).itertext()
        )  # fmt: skip
    moodle = "\n".join(ElementTree.parse(folder / "predictions-moodle.xml").getroot().itertext())
    for item in (*items, WITH_TEX):
        for formula in (item.asks, item.says, *item.options):
            assert formula in moodle and formula in texts
