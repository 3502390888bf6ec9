"""What a stored notebook says and asks becomes HTML, the same for each edition."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from reading import prose


def rendered(markdown, lower=0):
    return prose.render(markdown, prose.as_anchor, {"": "", "gone": ""}.get, lower)


def test_a_formula_is_what_its_tex_says():
    made = rendered(r"So $\frac{a}{b}$ and $|z|$, not `$x$`.")
    assert re.search(r"<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>", made)
    assert "<code>$x$</code>" in made
    table = rendered("| a | b |\n|---|---|\n| $|z|$ | c |")
    assert table.count("<td>") == 2


def test_a_heading_has_the_anchor_of_jupyter_and_moves_down():
    assert rendered("## Look: the weights", lower=1) == (
        '<h3 id="Look:-the-weights">Look: the weights</h3>\n'
    )


def test_a_link_that_leads_nowhere_is_text():
    assert rendered("Read [*this*](gone).") == "<p>Read <em>this</em>.</p>\n"


def test_printed_columns_become_a_table():
    assert "<td>first one</td><td>no</td>" in prose.printed("claim      holds\nfirst one  no\n")


def test_printed_lines_that_are_no_table_become_paragraphs():
    assert prose.printed("claim    holds\nfirst one  no\n").count('<p class="printed">') == 2
    assert prose.printed("D = 8.46\n") == '<p class="printed">D = 8.46</p>'


def test_no_line_ends_within_a_root_of_a_fraction():
    made = rendered("## At 1/√n\n\nSo [1/√N_w](https://example.org/√) and `1/√n`.")
    assert made.count("/\N{WORD JOINER}√") == 2
    assert 'id="At-1/√n"' in made and "<code>1/√n</code>" in made


def test_a_brace_below_can_be_told_from_other_signs():
    assert '<mo class="brace">' in rendered(r"$$\underbrace{a}_{b}$$")


def test_words_are_text_with_names_in_code():
    assert prose.words("Is `a < b`? <b>") == "Is <code>a &lt; b</code>? &lt;b&gt;"


def test_a_cell_tells_what_it_is_for():
    check = new_code_cell("from exercises import x\n\nmy_size = ...\nx.scale.check(my_size)")
    assert prose.asked(check) == "scale"
    assert prose.to_fill_in(check).strip() == "my_size = ..."
    assert prose.is_prediction(new_code_cell("tail_off.predict_width()"))
    assert prose.is_argument(new_code_cell("weighing.weigh_first()"))
    assert prose.defines(new_code_cell("x = 1\ndef f():\n    pass"))
    about = new_markdown_cell("Ask: `x.check(y)`, `x.predict_y()`")
    assert not (prose.asked(about) or prose.is_prediction(about) or prose.defines(about))


def test_each_exercise_is_found_by_its_name():
    assert len(prose.EXERCISES) > 10
    assert all(one.question and one.hints and one.solution for one in prose.EXERCISES.values())


def test_evaluating_goes_on_with_what_the_cells_before_have_named():
    names = {}
    assert prose.evaluate("a = 2\na", names) == 2
    assert prose.evaluate("b = a + 1\na * b", names) == 6


class Plain(prose.Notebook):
    def text(self, markdown):
        return f"text: {markdown}"

    def figure(self, title, finding, output):
        return f"figure: {title}, {finding}"


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "07_plain.ipynb"
    cells = [new_markdown_cell("# Plain\n\nAnd more."), new_code_cell("x.one.check(2)")]
    nbformat.write(new_notebook(cells=cells), path)
    return Plain(path)


def stream(text):
    return new_output("stream", text=text)


def test_a_notebook_knows_its_title_and_its_exercises(notebook):
    assert (notebook.name, notebook.number, notebook.title) == ("07_plain", "07", "Plain")
    assert notebook.exercises == ["one"]


def test_the_richest_form_of_an_output_is_taken(notebook):
    data = {"text/plain": "plain", "text/html": "<b>rich</b>"}
    assert notebook.output(new_output("execute_result", data)) == "<b>rich</b>"
    data |= {"text/markdown": "**rich**"}
    assert notebook.output(new_output("execute_result", data)) == "text: **rich**"
    assert notebook.output(new_output("execute_result", {"text/plain": "a < b"})) == (
        '<p class="printed">a &lt; b</p>'
    )


def test_what_stands_under_a_figure_is_not_printed_again(notebook):
    data = {"text/plain": "Sizes", "image/png": "AAAA"}
    about = {"image/png": {"alt": "Sizes. They meet."}}
    shown = notebook.output(new_output("display_data", data, metadata=about))
    assert shown == "figure: Sizes, They meet."
    assert notebook.output(stream("They meet.\nMeeting(eta=0.1)\n")) == ""
    assert notebook.output(stream("They meet.\nat 7\n")) == '<p class="printed">at 7</p>'
