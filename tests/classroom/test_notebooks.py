import pytest

from classroom.notebooks import paths


def test_notebooks_are_chosen_by_number_or_name():
    assert [path.stem for path in paths(["03", "02_decay_rate"])] == [
        "02_decay_rate",
        "03_tail_off",
    ]
    with pytest.raises(SystemExit, match=r"No such notebook: 99\. There are 00_start_here, "):
        paths(["99"])
