"""What can be found: the text of each section, as it is read, and no answer that lies in a fold."""

import json
from html import unescape

from reading import pages, search

BODY = (
    '<p>Before any <b>heading</b>.</p><h2 id="Two-sizes"><a href="#Two-sizes">Two sizes</a></h2>'
    "<p>It goes like <math><mfrac><mn>1</mn><msqrt><msub><mi>N</mi><mi>w</mi></msub></msqrt>"
    "</mfrac></math>.<br>So</p><p>it&nbsp;does.</p>"
    "<form><label>yes</label><label>no</label><details><summary>What was measured</summary>"
    "<p>secret <img> answer</p></details><script>{}</script></form><p>After it.</p>"
    '<h3 id="3">Nothing</h3><pre>code</pre>'
)


def test_a_section_has_the_text_up_to_the_next_heading():
    first, second = search.sections("07 Laws", "07.html", BODY)
    assert first == ("07 Laws", "07 Laws", "07.html", "Before any heading.")
    assert second[:3] == ("07 Laws", "Two sizes", "07.html#Two-sizes")
    assert second.text == "It goes like 1/√N_w. So it does. yes no After it."


def test_the_script_holds_the_sections_whatever_is_in_them():
    found = [search.Section("07 λ", 'a "b"', "7.html#a", "</script> \\ ∑")]
    text = search.script(found)
    assert text.startswith("searchable(") and text.endswith(");\n")
    assert json.loads(text[len("searchable(") : -3]) == [list(found[0])]


def test_of_the_notebooks_each_section_is_found_and_no_solution():
    for path in sorted(pages.ROOT.glob("notebooks/[0-9]*.ipynb")):
        page = pages.Page(path)
        body = page.body()
        found = search.sections(page.heading, page.file, body)
        anchors = [anchor for _, anchor, _ in pages._HEADING.findall(body)]
        addresses = [one.address for one in found]
        assert addresses[1:] == [
            f"{page.file}#{unescape(anchor)}" for anchor in anchors
        ]  # after the title
        text = " ".join(one.text for one in found)
        assert "A solution" not in text and "What was measured" not in text
