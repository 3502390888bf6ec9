"""Write the predictions of the notebooks as a question bank: for Canvas (QTI) and for Moodle (XML).

    python -m classroom.homework.bank            into dist/homework
    python -m classroom.homework.bank FOLDER

Each question says afterwards what is measured, and in a sentence why. Formulas are HTML that every
system shows as it is: italics and indices, and MathML where a sentence has TeX. text2qti writes the
QTI, Python's own library the XML of Moodle.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from classroom.handout import parts, render, whys, words
from classroom.homework.assignment import OUT, program
from classroom.notebooks import paths
from exercises.prediction import in_full
from reading.prose import Notebook, predictions

TITLE = "The first epochs: predictions"


@dataclass(frozen=True)
class Item:
    """A question of the bank. All text is HTML; `right` is an option's place, or a number."""

    name: str
    notebook: str
    asks: str
    options: tuple[str, ...]
    right: int | str
    close: str  # how far off a number may be
    says: str  # afterwards


def items():
    """Return the predictions of all notebooks, in reading order."""
    found = []
    for path in paths():
        notebook = Notebook(path)
        why = whys(parts(path.stem)[-1])
        title = f"{notebook.number} {notebook.title}"
        for name, prediction in predictions(notebook.cells, {}).items():
            found.append(_item(name, title, prediction.stored(), why[name]))
    return found


def _item(name, notebook, stored, why):
    asks, options = words(stored["question"]), stored["options"]
    says = f"{words(stored['measured'])} {render(why).strip()[3:-4]}"
    if options:
        right, close = options.index(stored["right"]), ""
    else:
        right, close = in_full(stored["value"], 6), in_full(stored["close"])
        asks += f" (A number, in {stored['unit']}.)" if stored["unit"] else " (A number.)"
    return Item(name, notebook, asks, tuple(map(words, options)), right, close, says)


# Moodle.


def moodle(bank):
    """Return the bank as Moodle XML, with a category for each notebook."""
    quiz = ElementTree.Element("quiz")
    category = None
    for item in bank:
        if item.notebook != category:
            category = item.notebook
            place = ElementTree.SubElement(quiz, "question", type="category")
            name = category.replace("/", "//")  # a single one would begin another category
            _text(place, "category", f"$course$/top/{TITLE}/{name}")
        quiz.append(_question(item))
    ElementTree.indent(quiz)
    return ElementTree.tostring(quiz, "unicode", xml_declaration=True)


def _question(item):
    kind = "multichoice" if item.options else "numerical"
    question = ElementTree.Element("question", type=kind)
    _text(question, "name", f"{item.notebook[:2]} {item.name}")
    _text(question, "questiontext", f"<p>{item.asks}</p>", format="html")
    _text(question, "generalfeedback", f"<p>{item.says}</p>", format="html")
    once = {"defaultgrade": "1", "penalty": "0", "hidden": "0", "idnumber": item.name}
    if item.options:
        once |= {"single": "true", "shuffleanswers": "false", "answernumbering": "none"}
    for name, value in once.items():
        ElementTree.SubElement(question, name).text = value
    for place, option in enumerate(item.options):
        fraction = "100" if place == item.right else "0"
        answer = ElementTree.SubElement(question, "answer", fraction=fraction, format="html")
        ElementTree.SubElement(answer, "text").text = option
    if not item.options:
        answer = ElementTree.SubElement(question, "answer", fraction="100")
        ElementTree.SubElement(answer, "text").text = item.right
        ElementTree.SubElement(answer, "tolerance").text = item.close
    return question


def _text(parent, name, text, **attributes):
    ElementTree.SubElement(ElementTree.SubElement(parent, name, attributes), "text").text = text


# Canvas.


def as_text(bank):
    """Return the bank as text2qti reads it. It leaves HTML alone that is a paragraph."""
    lines = [f"Quiz title: {TITLE}", ""]
    for number, item in enumerate(bank, 1):
        lines += [f"Title: {item.notebook[:2]} {item.name}", f"{number}. <p>{item.asks}</p>"]
        lines.append(f"... <p>{item.says}</p>")
        for place, option in enumerate(item.options):
            lines.append(f"{'*' * (place == item.right)}{chr(97 + place)}) <p>{option}</p>")
        if not item.options:
            lines.append(f"= {item.right} +- {item.close}")
        lines.append("")
    return "\n".join(lines)


def write(bank, out):
    """Write predictions-moodle.xml and predictions-canvas.zip into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "predictions-moodle.xml").write_text(moodle(bank), encoding="utf-8", newline="\n")
    with tempfile.TemporaryDirectory() as scratch:
        text = Path(scratch) / "predictions.txt"
        text.write_text(as_text(bank), encoding="utf-8", newline="\n")
        subprocess.run(
            [program("text2qti"), text], check=True, stdout=subprocess.DEVNULL,
            env=os.environ | {"HOME": scratch},  # or it would look there for settings
        )  # fmt: skip
        shutil.copy(text.with_suffix(".zip"), out / "predictions-canvas.zip")


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    write(items(), out)
    print(f"For Canvas: {out / 'predictions-canvas.zip'}")
    print(f"For Moodle: {out / 'predictions-moodle.xml'}")


if __name__ == "__main__":
    main()
