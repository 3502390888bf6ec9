"""Homework, the whole way: written, answered well and badly, graded, told to Canvas and Moodle."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from classroom.homework import assignment, checks, grade
from classroom.homework.answers import Answers, Ended, Limits, Raised, namespaces
from exercises.exercise import draws, seeded
from reading.prose import EXERCISES

HERE = Path(assignment.__file__).parent
QUICK = Limits(call=1, cell=1.5, whole=30)
README = (HERE / "README.md").read_text("utf-8")
OWN = re.search(r"^````\n(.*?)^````$", README, re.MULTILINE | re.DOTALL)[1]
OWN_NUMBER = "```question\nname: my_steps\npoints: 1\nasks: How many?\nanswer: my_steps = 20\n```\n"
QUESTIONS = 8  # of first_epochs.md, and two of one's own


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder of an assignment: the one we have, and the question of one's own in its page."""
    folder = tmp_path_factory.mktemp("homework")
    source = folder / "first_epochs.md"
    text = (HERE / "first_epochs.md").read_text("utf-8")
    source.write_text(f"{text}\n{OWN}\n{OWN_NUMBER}", encoding="utf-8")
    assignment.build(source, folder)
    return folder


@pytest.fixture(scope="session")
def grader(made):
    return grade.load(made / "first_epochs-autograder.zip")


@pytest.fixture(scope="session")
def notebook(made):
    return json.loads((made / "student" / "first_epochs.ipynb").read_text("utf-8"))


def code(notebook):
    """The sources of a notebook's code cells."""
    return ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]


def text(notebook):
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"])


def answered(notebook, **answers):
    """A student's notebook as bytes, with code in place of what was to be filled in."""
    filled = json.loads(json.dumps(notebook))
    for cell in filled["cells"]:
        for name, answer in answers.items():
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and re.match(rf"(def )?{name}\b", source):
                cell["source"] = answer
    return json.dumps(filled).encode()


# Answers as students give them, written here and not taken from the project.

RIGHT = {
    "factor": "def factor(eta, lmbda, n_train, m):\n"
    "    w = 1.0\n"
    "    for start in range(0, n_train, m):\n"
    "        w -= eta * lmbda / n_train * w\n"
    "    return w",
    "my_epochs": "my_epochs = 20 * np.log(28)",
    "entry": "def entry(w, G, eta, lmbda, m, n_train):\n"
    "    a, b = (1 - eta*lmbda/n_train) * w, eta / m * G\n"
    "    return (a*a - w*w).sum(), -2 * (a*b).sum(), (b*b).sum()",
    "my_size": "%matplotlib inline\nmy_size = 1 / 79400 ** 0.5",
    "size": "def size(cost, share, lmbda, n_train, n_weights):\n"
    "    mean_square = cost * share / (lmbda / 2 / n_train) / n_weights\n"
    "    return np.sqrt(mean_square)",
    "bound": "def bound(lmbda, n_train, n_weights):\n"
    "    return (2 * n_train * 3.2508 / lmbda / n_weights) ** 0.5",
    "halving": "def halving(eta, lmbda, n_train):\n"
    "    return np.log(2) / -np.log1p(-eta * lmbda / n_train)",
    "my_steps": "my_steps = 20.001",
}
WRONG = {  # answer, and what the line has to say of it
    "factor": ("def factor(eta, lmbda, n_train, m):\n"
               "    return (1 - eta * lmbda / n_train) ** (n_train / m)",
               "q1: Your factor ignores that steps come whole"),
    "my_epochs": ("my_epochs = 20 * math.log10(28)", "q2: Take the natural logarithm"),
    "entry": ("def entry(w, G, eta, lmbda, m, n_train):\n    return 0", "q3: Return 3 numbers"),
    "my_size": ("my_size = '0.0035'", "q4: A number is asked for, not this: '0.0035'"),
    "size": ("def size(cost, share):\n    return 1", "q5: It stopped with TypeError"),
    "bound": ("bound = 3", "q6: A function is asked for."),
    "halving": ("def halving(eta, lmbda, n_train):\n    return 0.6931471805599453 * n_train / eta /"
                " lmbda", "q7: That is the limit of small steps."),
    "my_steps": ("my_steps = None", "Not answered: q8."),
}  # fmt: skip


# What students get.


def test_students_get_questions_and_points_and_no_answer(made, notebook):
    said = text(notebook)
    assert [f'grader.check("q{n}")' in code(notebook) for n in range(1, QUESTIONS + 1)]
    assert "**Question 1** (3 points)" in said and "(1 point)" in said
    assert said.count("<summary>Hint 1</summary>") == QUESTIONS - 2 == 6
    assert "six questions, sixteen points" in README
    for name in RIGHT:
        assert re.search(rf"^(def {name}\(.*\):\n[^#]*\.\.\.|{name} = \.\.\.)", said, re.MULTILINE)
    whole = json.dumps(notebook, ensure_ascii=False)
    for solution in ("** steps", "math.log(math.sqrt(784))", "np.vdot(w, w)", "log(1 / 2)"):
        assert solution not in whole
        assert solution in text(
            json.loads((made / "solutions" / "first_epochs.ipynb").read_text("utf-8"))
        )


def test_the_answer_to_no_number_stands_in_what_students_can_read(notebook):
    whole = json.dumps(notebook)
    for number in re.findall(r"\d+\.\d+(?:e-\d+)?", whole):
        for right, close in ((20 * np.log(28), 0.02), (79400**-0.5, 1e-4)):
            assert abs(float(number) / right - 1) > close


def test_hidden_checks_have_other_inputs_and_are_in_the_autograder_alone(made, notebook):
    shown = notebook["metadata"]["otter"]["tests"]["q1"]
    assert "hidden=True" not in shown
    with zipfile.ZipFile(made / "first_epochs-autograder.zip") as archive:
        both = archive.read("tests/q1.py").decode()
    inputs = r"\(\(?(\d\.\d+, [\d.]+, \d+, \d+)\), \["
    (seen,) = re.findall(inputs, shown)
    first, *others = re.findall(inputs, both)
    assert first == seen and len(set(others)) == 6 and seen not in others


WITH_OTTER = """
import json, os, sys
import otter
told = {}
for name, (folder, asks, source) in json.load(sys.stdin).items():
    os.chdir(folder)
    names = {}
    for cell in source:
        try:
            exec(cell, names)
        except Exception:
            pass
    checked = {question: names["grader"].check(question, names) for question in asks}
    told[name] = {question: [[one.passed, one.message] for one in test.test_case_results]
                  for question, test in checked.items()}
print(json.dumps(told))
"""


def with_otter(variants):
    """What Otter says of {name: (folder, questions, cells)}, without a network."""
    ran = subprocess.run(
        [*namespaces(), assignment.program("python"), "-c", WITH_OTTER],
        capture_output=True,
        text=True,
        input=json.dumps(variants),
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


def test_otter_says_the_same_without_a_network(made, notebook, grader, tmp_path):
    """Students' checks give hints; and by Otter's own hand the hidden ones give the same marks."""
    home, hidden = tmp_path / "home", tmp_path / "hidden"
    home.mkdir()
    shutil.copy(made / "student" / "first_epochs.ipynb", home)
    with zipfile.ZipFile(made / "first_epochs-autograder.zip") as archive:
        archive.extractall(hidden, [n for n in archive.namelist() if n.startswith("tests/")])
    handed_in = {
        "right": answered(notebook, **RIGHT),
        "wrong": answered(notebook, **{name: one for name, (one, _) in WRONG.items()}),
        "empty": answered(notebook),
    }
    asks = [f"q{n}" for n in range(1, QUESTIONS + 1)]
    variants = {}
    for name, data in handed_in.items():
        cells = [cell.replace("%matplotlib inline\n", "") for cell in code(json.loads(data))]
        cells = [cell for cell in cells if not cell.startswith(("grader.check", "# Save"))]
        variants[f"{name} at home"] = str(home), asks, cells
        # In a folder without a notebook, Otter takes the tests beside it.
        cells = [cell.replace('Notebook("first_epochs.ipynb")', "Notebook()") for cell in cells]
        variants[name] = str(hidden), asks, cells
    told = with_otter(variants)

    home = told["right at home"]
    assert all(passed for rows in home.values() for passed, _ in rows)
    home = told["wrong at home"]
    assert home["q1"][0][0]  # it takes another input to see that
    assert "AssertionError: Take the natural logarithm" in home["q2"][0][1]
    assert "check(my_epochs, trials, otherwise)\nAsser" in home["q2"][0][1]  # and no numbers
    home = told["empty at home"]
    assert all("Your turn" in message for rows in home.values() for _, message in rows)

    for name, data in handed_in.items():
        mark = grade.grade(data, grader, limits=QUICK)
        otters = {q: all(passed for passed, _ in rows) for q, rows in told[name].items()}
        assert {q: points > 0 for q, points in mark.points.items()} == otters


# What is graded.


def line(data, grader):
    """The points of what was handed in, and the one line on it."""
    mark = grade.grade(data, grader, limits=QUICK)
    assert "\n" not in mark.line()
    return mark.total, mark.line()


def test_right_answers_get_all_points(notebook, grader):
    assert grader.points == 19
    assert line(answered(notebook, **RIGHT), grader) == (19, "All right.")


def test_wrong_answers_get_none_and_a_reason_each(notebook, grader):
    total, said = line(
        answered(notebook, **{name: one for name, (one, _) in WRONG.items()}), grader
    )
    assert total == 0
    for _, words in WRONG.values():
        assert words in said


def test_an_empty_notebook_is_not_answered(notebook, grader):
    everything = ", ".join(f"q{n}" for n in range(1, QUESTIONS + 1))
    assert line(answered(notebook), grader) == (0, f"Not answered: {everything}.")


HOSTILE = {
    "endless": ("my_epochs = 20 * 3.332\nwhile True: pass",
                r"Cell \d+: it ran for over 1.5 seconds and was stopped: is a loop endless\? "
                r"Not answered: q2."),
    "endless when called": ("def factor(eta, lmbda, n_train, m):\n    while True: pass",
                            "q1: It ran for over 1 seconds and was stopped"),
    "stubborn": ("def factor(*a):\n    while True:\n        try:\n            while True: pass\n"
                 "        except BaseException: pass", "q1: It ran for over 1 seconds"),
    "reads a file": (f"my_epochs = open({str(HERE / 'README.md')!r}).read()",
                     "It tried to read .*README.md, which was refused."),
    "looks for the checks": ("import os\nmy_epochs = os.listdir('../..')",
                             r"It tried to read \.\./\.\., which was refused."),
    "prints forever": ("while True: print('spam' * 1000)",
                       r"Cell \d+ stopped: It printed or wrote more than it may."),
    # Elsewhere the kernel sets no limit, and only what no machine has is refused.
    "takes memory": (f"my_epochs = np.ones({3 * 10**8 if sys.platform == 'linux' else 10**17})",
                     "stopped: MemoryError"),
    "starts a program": ("import os\nos.system('touch here')", "It tried to start a program"),
    "asks the network": ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')",
                         "It tried to use the network, which was refused."),
    "is far too large": ("my_epochs = 10**400", "q2: A number is asked for, not this: 1000"),
    "leaves": ("import os\nos._exit(0)", r"Cell \d+: its process ended"),
    "lies": ("import os\nfor file in range(3, 20):\n    try:\n"
             "        os.write(file, b'{\"value\": 20, \"refused\": []}\\n' * 9)\n"
             "    except OSError: pass", ""),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_hostile_gets_a_line_and_the_other_answers_their_marks(kind, notebook, grader):
    answer, words = HOSTILE[kind]
    name = "factor" if answer.startswith("def factor") else "my_epochs"
    total, said = line(answered(notebook, **RIGHT | {name: answer}), grader)
    assert re.search(words, said)
    if kind == "lies":  # it can make a fool of itself alone
        assert total < 19
    else:
        assert total == 19 - {"factor": 3, "my_epochs": 2}[name]


def test_an_answer_hands_over_numbers_and_nothing_else():
    class_with_tricks = "class A:\n    def __float__(self): return 1.0\nx = A()\ny = {'a': 1}"
    with Answers([class_with_tricks, "import numpy as np\nz = np.eye(2)", "w = (1, [2.5])"]) as a:
        assert repr(a.get("x")).startswith("A: <")
        assert repr(a.get("y")) == "dict: {'a': 1}"
        assert a.get("z").tolist() == [[1, 0], [0, 1]]
        assert a.get("w") == (1, [2.5])
        assert a.get("v") is ...
        with pytest.raises(Raised, match="KeyError"):
            a.call("v")


@pytest.mark.skipif(not namespaces(), reason="no network namespaces here")
def test_the_kernel_keeps_an_answer_off_the_network():
    with Answers(["import socket\nx = len(socket.if_nameindex())"]) as answers:
        assert answers.get("x") == 1  # the loopback, and that is down


def test_what_is_no_notebook_of_this_gets_a_line(notebook, grader):
    other = json.loads(answered(notebook, **RIGHT))
    other["metadata"]["otter"]["assignment_name"] = "Biology"
    for data, words in {
        None: "no notebook",
        b"PK\x03\x04": "no notebook",
        b'{"cells": 3}': "no notebook",
        b"[" * 100_000: "no notebook",
        json.dumps(other).encode(): "another assignment: Biology",
    }.items():
        total, said = line(data, grader)
        assert total == 0 and words in said


# Marks.


def zipped(files):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return memory.getvalue()


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_download_of_canvas_becomes_its_csv(
    made, notebook, grader, tmp_path, monkeypatch, capsys
):
    good = answered(notebook, **RIGHT)
    download = tmp_path / "submissions.zip"
    download.write_bytes(zipped({
        "doejane_LATE_411_9001_first_epochs.ipynb": good,
        "roerichard_412_9002_first_epochs_2026.zip": zipped({"a/first_epochs.ipynb": good,
                                                             ".OTTER_LOG": b"x"}),
        "kim_413_9003_essay.docx": b"words",
        "li_414_9004_broken.zip": b"PK\x03\x04",
    }))  # fmt: skip
    autograder = made / "first_epochs-autograder.zip"
    monkeypatch.setattr("sys.argv", ["grade", str(autograder), str(download), str(tmp_path)])
    grade.main()
    said = capsys.readouterr().out
    assert re.search(r"^doejane +19 of 19\. All right\.$", said, re.MULTILINE)
    assert re.search(r"^kim +0 of 19\. This is no notebook", said, re.MULTILINE)
    whole, *rows = table(tmp_path / "canvas.csv")
    title = "The first epochs: homework"
    assert list(whole) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
    assert whole["Student"].strip() == "Points Possible" and whole[title] == "19"
    assert {row["ID"]: row[title] for row in rows} == {
        "411": "19", "412": "19", "413": "0", "414": "0",
    }  # fmt: skip
    assert not (tmp_path / "moodle.csv").exists()
    assert [row["q3"] for row in table(tmp_path / "marks.csv")] == ["4", "0", "0", "4"]


def test_names_are_harmless_and_what_a_system_leaves_behind_is_no_homework(tmp_path):
    (tmp_path / "class.zip").write_bytes(zipped({
        "=cmd()\x1b[2J.ipynb": b"1",
        "__MACOSX/._roe.ipynb": b"2",
        "roe.zip": zipped({"Roe.ipynb": b"3", "__MACOSX/._Roe.ipynb": b"4",
                           ".ipynb_checkpoints/Roe-checkpoint.ipynb": b"5"}),
    }))  # fmt: skip
    found = grade.by_student(grade.handed_in(tmp_path / "class.zip"))
    assert {who.name: data for who, data in found.items()} == {"cmd()[2J": b"1", "roe": b"3"}


def test_a_notebook_has_so_much_time_and_no_more():
    with Answers(["while True: pass"] * 50, Limits(cell=0.3, whole=0.8)) as answers:
        began = time.monotonic()
        with pytest.raises(Ended, match=r"the 0\.8 seconds for a whole notebook are over"):
            answers.get("x")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "reply",
    [
        "'[' * 100_000",
        """'{"refused": 3}'""",
        """'{"refused": [], "value": {"is": "array", "of": [[1], [2, 3]]}}'""",
        "'no JSON'",
    ],
)
def test_a_forged_reply_ends_an_answer_and_nothing_else(reply):
    forger = (
        "import gc, io\n"
        "pipe = next(o for o in gc.get_objects() if isinstance(o, io.TextIOWrapper)"
        " and o.name not in (0, 1, 2) and o.writable() and isinstance(o.name, int))\n"
        f"pipe.write({reply} + chr(10)); pipe.flush()"
    )
    with Answers(["x = 1", forger, "y = 2"]) as answers:
        assert answers.get("x") == 1
        assert answers.get("y") == 2
        assert "broken the process" in answers.notes[0]


def test_a_download_of_moodle_becomes_its_csv(notebook, grader, tmp_path):
    good = answered(notebook, **RIGHT)
    folder = tmp_path / "download"
    for name, data in {
        "Jane Doe_77_assignsubmission_file_first_epochs.ipynb": good,
        "Zoë Åhl_78_assignsubmission_file/first_epochs.ipynb": answered(notebook),
        "Zoë Åhl_78_assignsubmission_onlinetext/onlinetext.html": b"<p>Sorry</p>",
        "no download/first_epochs.ipynb": good,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    found = grade.by_student(grade.handed_in(folder))
    marks = [grade.grade(data, grader, who, QUICK) for who, data in found.items()]
    grade.write(marks, grader, tmp_path)
    rows = {row["Identifier"]: row for row in table(tmp_path / "moodle.csv")}
    assert set(rows) == {"Participant 77", "Participant 78"}
    # The columns that Moodle's import looks for.
    for column in ("Identifier", "Grade", "Last modified (grade)", "Feedback comments"):
        assert column in rows["Participant 77"]
    assert rows["Participant 77"]["Grade"] == "19"
    assert rows["Participant 78"]["Full name"] == "Zoë Åhl"
    assert rows["Participant 78"]["Feedback comments"].startswith("Not answered: q1")
    assert len(table(tmp_path / "marks.csv")) == 3


# Questions.


@pytest.mark.parametrize("name", ["exact_factor", "ledger_entry", "edge", "two_means", "balance"])
def test_trials_are_those_of_the_exercise(name):
    exercise = EXERCISES[name]
    shown, hidden = checks.trials(exercise)
    answer = checks.defined(exercise.solution)
    for trial in (*shown, *hidden):
        for count, part in enumerate(trial.parts):
            assert part.slips
            if trial.arguments is None:
                said = {words for _, words in part.slips}
                assert all(exercise.verdict(slip).partition(". ")[2] in said
                           for slip, _ in part.slips)  # fmt: skip
            else:
                arguments = [np.array(a) if isinstance(a, list) else a for a in trial.arguments]
                value = answer(*arguments)
                assert part.right == (value[count] if isinstance(value, tuple) else value)


def test_what_a_judge_draws_is_new_each_time_but_for_homework():
    assert draws().random() != draws().random()
    with seeded(3):
        assert draws().random() == draws().random()
    assert draws().random() != draws().random()


@pytest.mark.parametrize(
    "line, words",
    [
        ("{exercise exact_facto 3}", "No such exercise: exact_facto"),
        ("{exercise saturation_scale 3}", "needs this project"),
        ("{exercise tell_apart 3}", "is not for homework"),
        ("{exercise split 3}", "is not for homework"),
        ("```question\nname: x\n```", "lacks answer, asks, points"),
        (OWN.replace("slips:", "slip:"), "has no slip"),
        (OWN.replace("name: halving", "name: half"), "it defines no half"),
        (OWN.replace("hidden:", "hints:"), "needs inputs"),
        (OWN.replace("log(1 / 2)", "log(1 / 0)"), "does not run: "),
    ],
)
def test_what_can_be_no_question_is_refused(line, words):
    with pytest.raises(ValueError, match=words):
        assignment.master(f"# Title\n\n{line}\n")
