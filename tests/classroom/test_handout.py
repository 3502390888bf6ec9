"""Each sheet has what its notebook asks, and a student's sheet gives no answer away."""

import html
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from classroom import handout, paper
from classroom.handout import Notebook
from classroom.notebooks import paths
from exercises.exercise import Exercise
from exercises.weighing import weigh_second
from reading.prose import EXERCISES

SOURCES = "\n".join(
    path.read_text("utf-8") for path in sorted(handout.NOTEBOOKS.glob("source/*.md"))
)


def text(markup):
    """Return the words of HTML in one line, without what stands in pictures."""
    words = re.sub(r"<svg.*?</svg>|<[^>]*>", "", markup, flags=re.DOTALL)
    return " ".join(html.unescape(words).replace("\N{WORD JOINER}", "").split())


def said(sentence):
    """Return a sentence of `exercises` as it stands on a sheet."""
    return text(handout.words(sentence))


@pytest.fixture(scope="module")
def sheets():
    return {sheet.name: sheet for sheet in handout.sheets()}


@pytest.fixture(scope="module", params=paths(), ids=lambda path: path.stem)
def notebook(request):
    return Notebook(request.param)


@pytest.fixture
def student(sheets, notebook):
    return sheets[notebook.name].body


@pytest.fixture
def teacher(sheets, notebook):
    return sheets[f"{notebook.name}_teacher"].body


def test_there_is_a_sheet_for_each_and_one_of_formulas_and_of_words(sheets):
    names = [*(path.stem for path in paths()), "homework"]
    assert sorted(sheets) == sorted(
        [*names, *(f"{name}_teacher" for name in names), "formulas", "words"]
    )


def test_every_prediction_is_asked_of_students_and_answered_for_teachers(
    notebook, student, teacher
):
    for prediction in notebook.predictions.values():
        measured = said(prediction.stored()["measured"])
        for words in (prediction.question, *prediction.options):
            assert said(words) in text(student)
        assert student.count('class="question"') >= len(notebook.predictions)
        assert measured in text(teacher)
        assert measured not in text(student)


def test_every_exercise_is_asked_once_with_room_and_solved_for_teachers(notebook, student, teacher):
    assert student.count("<b>Exercise ") == len(notebook.tasks)
    rooms = re.findall(
        r'<b>Exercise \d</b> <span class="stars">★+</span> .*?<svg class="room"', student, re.DOTALL
    )
    assert len(rooms) == len(notebook.tasks)
    for name in notebook.exercises:
        exercise = EXERCISES[name]
        assert said(exercise.question) in text(student)
        assert text(handout.code(exercise.solution)) in text(teacher)
        for hint in exercise.hints:
            assert said(hint) in text(teacher)
            assert said(hint) not in text(student)


def test_all_exercises_and_predictions_that_there_are_stand_in_a_notebook(sheets):
    students = text("".join(sheet.body for sheet in sheets.values() if sheet.kind == "student"))
    assert len(EXERCISES) >= 15
    for exercise in EXERCISES.values():
        assert isinstance(exercise, Exercise)
        assert said(exercise.question) in students


def test_no_solution_stands_on_a_students_sheet(notebook, student):
    for task in notebook.tasks:
        if task.name:
            answer, praise = task.solved()
            assert said(praise) not in text(student)
            # A pair of small numbers may stand anywhere by chance, a number of four digits not.
            assert len(answer) < 4 or answer not in text(student)
            lines = map(str.strip, EXERCISES[task.name].solution.splitlines())
            for line in lines:
                assert len(line) < 12 or line not in text(student)


def test_what_is_to_be_derived_and_why_is_for_teachers_alone(notebook, student, teacher):
    notes = (handout.SHEETS / f"{notebook.name}.md").read_text("utf-8").split("\n---\n")[-1]
    whys = dict(re.findall(r"^\{(predict_\w+)\} (.*)", notes, re.MULTILINE))
    assert whys.keys() == notebook.predictions.keys()
    own = [*whys.values(), *re.findall(r"^(?![{#$\n]).+", notes, re.MULTILINE)]
    for words in map(text, map(handout.render, own)):
        assert words in text(teacher)
        assert words not in text(student)
    taken_along = re.findall(r"^\d\. (.*)", notebook.section("Take along"), re.MULTILINE)
    assert len(taken_along) == 3
    for words in map(text, map(handout.render, taken_along)):
        assert words in text(teacher)
        assert words not in text(student)


def test_steps_are_marked_by_students_and_judged_for_teachers(notebook, student, teacher):
    steps = [step for argument in notebook.arguments for step in argument.solution()]
    assert student.count('class="marks"') == len(steps)
    for says, verdict, why in steps:
        assert said(says) in text(student)
        assert said(why) not in text(student)
        assert f"{verdict}. {said(why)}" in text(teacher)


def test_homework_has_its_answers_on_the_teachers_sheet_alone(sheets):
    student, teacher = text(sheets["homework"].body), text(sheets["homework_teacher"].body)
    for name in ("epochs_to_new", "claimed_size", "repaired_chalkboard"):
        exercise = EXERCISES[name]
        assert said(exercise.question) in student
        assert text(handout.code(exercise.solution)) in teacher
        assert text(handout.code(exercise.solution)) not in student
    assert "Notebook 02, Exercise 2 ★" in student
    for says, verdict, why in weigh_second().solution():
        assert said(says) in student
        assert f"{verdict}. {said(why)}" in teacher
        assert said(why) not in student
    assert "The third answer" not in student + teacher
    assert "in balance" in teacher and "in balance" not in student


def test_a_teachers_sheet_has_the_times_and_what_students_get_wrong(notebook, student, teacher):
    assert re.search(r"Time: (\d+ minutes|as long)", text(teacher))
    assert "Common wrong answers:" in text(teacher)
    assert "Common wrong answers:" not in text(student)
    for lesson, minutes, _ in handout.lesson_plan(notebook.number):
        assert f"{minutes} of {lesson.lower()}:" in text(teacher)


def test_the_lesson_plan_is_found():
    rows = [row for path in paths() for row in handout.lesson_plan(path.name[:2])]
    assert len(rows) == 9
    assert [minutes for _, minutes, _ in handout.lesson_plan("02")] == ["2", "9"]


def test_no_cell_stands_on_a_sheet(sheets):
    for sheet in sheets.values():
        if sheet.kind != "teacher":
            assert "<pre" not in sheet.body
        assert not re.search(r"Traceback| object at 0x|\.check\(|predict_|^%%", text(sheet.body))


def test_no_formula_is_left_as_it_is_typed(sheets):
    for sheet in sheets.values():
        words = text(re.sub(r"<pre.*?</pre>|<code.*?</code>", "", sheet.body, flags=re.DOTALL))
        assert not re.search(r"\$|\\[a-zA-Z]|\^\(|\b[A-Za-z]_(w|train|in|max)\b", words), sheet.name


# Pictures.


def test_a_picture_that_answers_a_prediction_is_bare_axes_for_students(notebook, student, teacher):
    sheet = (handout.SHEETS / f"{notebook.name}.md").read_text("utf-8")
    wishes = re.findall(r"\{figure (.*)\}", sheet.rpartition("\n---\n")[0])
    pictures = re.findall(r'<div class="picture".*?</div>', student, re.DOTALL)
    assert len(pictures) == len(wishes) >= (notebook.number != "08")
    for wish, picture in zip(wishes, pictures):
        preset, is_covered = notebook.preset_of(wish)
        assert picture.count("<svg") == (1 if is_covered else 2)
        if is_covered:
            heights = re.findall(r'<g id="ytick_\d+">.*?</g></g>', picture, re.DOTALL)
            assert "<text" not in "".join(heights)
            assert paper.picture(preset)[0] in teacher


def test_covering_takes_numbers_away():
    whole, sentence = paper.picture("decay-rate eta=0.1 lmbda=5 m=10 n_train=1000")
    bare, nothing = paper.picture("decay-rate eta=0.1 lmbda=5 m=10 n_train=1000", is_covered=True)
    assert ">0.5<" in whole and ">0.5<" not in bare
    assert ">epoch<" in bare and ">20<" in bare
    assert sentence and not nothing


def test_pictures_are_grey(sheets):
    found = {
        colour
        for sheet in sheets.values()
        for picture in re.findall(r'<div class="picture".*?</div>', sheet.body, re.DOTALL)
        for colour in re.findall("#[0-9a-fA-F]{6}", picture)
    }
    assert len(found) > 5
    assert all(colour[1:3] == colour[3:5] == colour[5:7] for colour in found)


def test_a_grey_stays_and_a_colour_becomes_darker():
    assert paper.grey("#5f6368") == "#626262"
    assert paper.grey("#ffffff") == "#ffffff"
    assert paper.grey("#0072B2") == "#3d3d3d"


def test_a_state_that_is_not_stored_is_named():
    with pytest.raises(ValueError, match=r"reading/tables has no state 'penalty n_weights="):
        paper.picture("penalty n_weights=23820 n_train=50000 lmbda=5.5")


# What is written elsewhere, and how it is set.


def test_the_formulas_are_those_of_the_notebooks():
    sheet = (handout.SHEETS / "formulas.md").read_text("utf-8")
    formulas = re.findall(r"\$\$(.+?)\$\$", sheet, re.DOTALL)
    assert len(formulas) >= 10
    for formula in formulas:
        assert formula in SOURCES, formula


def test_the_words_are_those_of_notebook_00(sheets):
    source = (handout.NOTEBOOKS / "source" / "00_start_here.md").read_text("utf-8")
    rows = re.findall(r"^\| ([^|]+) \|", source.partition("## Words used")[2], re.MULTILINE)
    assert len(rows) > 10
    assert all(row in text(sheets["words"].body) for row in rows)


def test_claims_are_the_books(sheets):
    assert "will be dominated almost entirely by weight decay" in text(
        sheets["01_first_epochs"].body
    )
    assert "neuralnetworksanddeeplearning.com/chap3.html" in text(sheets["01_first_epochs"].body)
    for words in re.findall(r'^> ("supposing.*|"provided.*)', SOURCES, re.MULTILINE):
        assert words in text(sheets["00_start_here"].body)


def test_an_exercise_that_is_new_in_a_notebook_is_found(tmp_path):
    cells = [
        new_markdown_cell("# Claim 0"),
        new_markdown_cell("**Exercise 1 ★.** How large?\n\n**Exercise 2 ★★** (on paper). Why $x$?"),
        new_markdown_cell("**Exercise 3 ★★★.** And this, with $D$?"),
        new_code_cell("print(D)", outputs=[new_output("stream", name="stdout", text="D = 2\n")]),
        new_code_cell("two_means.check(...)"),
    ]
    nbformat.write(new_notebook(cells=cells), tmp_path / "00_new.ipynb")
    one, two, three = Notebook(tmp_path / "00_new.ipynb").tasks
    assert (one.heading, one.stars, one.name) == ("Exercise 1", "★", "")
    assert text(two.titled()).startswith("Exercise 2 ★★ Why ")
    assert three.name == "two_means"
    assert text(three.titled()).startswith("Exercise 3 ★★★ Two weights in a row")
    assert text(three.titled()).endswith("Given: D = 2.")


def test_what_takes_data_is_for_the_computer():
    tasks = [task for path in paths() for task in Notebook(path).tasks]
    names = {task.name for task in tasks if task.needs_data}
    assert {"lambda_threshold", "empty_message", "give_up"} <= names
    assert not names & {"", "exact_factor", "tail_epoch", "two_means", "balance"}
    assert all(
        ("At the computer." in text(task.titled())) == (task.name in names) for task in tasks
    )


def test_a_line_that_is_mistyped_is_named():
    with pytest.raises(ValueError, match=r"\{excercises\} is no line of a sheet here"):
        handout.filled("Text.\n\n{excercises}\n", None)


def test_rooms_are_shared_by_stars():
    class Of:
        tasks = (handout.Task("Exercise 1", "★★", "Why?"),)

    assert 'style="--stars: 2"' in handout.exercises(Of)


@pytest.mark.parametrize(
    "typed, read",
    [
        ("1/√N_w", "1/√<i>N</i><sub><i>w</i></sub>"),
        ("exp(-eta*lmbda/m)", "exp(−<i>η</i>·<i>λ</i>/<i>m</i>)"),
        ("n^(-1/4)", "<i>n</i><sup>−1/4</sup>"),
        (
            "How small can w² + a² be?",
            "How small can <i>w</i><sup>2</sup> + <i>a</i><sup>2</sup> be?",
        ),
        ("a weight’s size, and a < b", "a weight’s size, and a &lt; <i>b</i>"),
        ("Write f(a, b) of load_mnist", "Write <code>f(a, b)</code> of load_mnist"),
    ],
)
def test_plain_formulas_are_set_as_one_reads_them(typed, read):
    assert re.sub(r"</?span.*?>", "", handout.words(typed)) == read


def test_quotation_marks_are_curly_but_in_code():
    made = paper.typeset("""<p class="x">"It's 5 %"</p><code>"a"</code>""")
    assert made == '<p class="x">“It’s 5\N{NO-BREAK SPACE}%”</p><code>"a"</code>'
