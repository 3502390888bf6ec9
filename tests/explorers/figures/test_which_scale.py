"""Which scale the tail-off follows: curves and words against the stored file itself."""

import numpy as np
import pytest
from swept import FAN_IN, swept
from told import assert_says, inside, key, row, rows, shown

from explorers import WhichScale
from explorers.figures.which_scale import SCALES, VARIED, table_of_courses

CHANGED = {"hidden width": "hidden", "fan_in": "pool", "λ": "lmbda"}
EACH = pytest.mark.parametrize("varied", CHANGED)
BOTH = pytest.mark.parametrize("weights", ["hidden layer", "all weights"])


@pytest.fixture(scope="module")
def figure():
    return WhichScale()


def chosen(varied, weights):
    """Return {x: [(init, size, three scales) of each run]} from the file, in the order of x."""
    found = {}
    for p, c in swept(CHANGED[varied]):
        fan_in, hidden = FAN_IN[p["pool"]], p["hidden"]
        total, n_weights = sum(c["squared_size"]), (fan_in + 10) * hidden
        rms = {"hidden layer": (c["squared_size"][0] / fan_in / hidden) ** 0.5,
               "all weights": (total / n_weights) ** 0.5}  # fmt: skip
        scales = n_weights**-0.5, fan_in**-0.5, float(c["mean_squared_length"]) ** -0.5
        x = fan_in if varied == "fan_in" else p[CHANGED[varied]]
        found.setdefault(x, []).append((p["init"], rms[weights], scales))
    return dict(sorted(found.items()))


def course(found):
    """Return (mean size over x, each of the three scales over x) of what is chosen."""
    means = [np.mean([size for _, size, _ in of]) for of in found.values()]
    return np.array(means), np.array([of[0][2] for of in found.values()]).T


def test_every_choice_is_tested():
    assert list(VARIED) == list(CHANGED) and len(SCALES) == 3


@EACH
@BOTH
def test_the_picture_shows_the_file(figure, varied, weights):
    figure.set(varied=varied, weights=weights)
    picture, found = shown(figure), chosen(varied, weights)
    for init, marks in picture.points.items():
        wanted = sorted((x, size) for x, of in found.items() for i, size, _ in of if i == init)
        np.testing.assert_allclose(sorted(zip(*marks.get_data())), wanted, rtol=1e-9)
        assert inside(picture.sizes, marks.get_ydata())
    means, scales = course(found)
    base = list(found).index({"hidden width": 30, "fan_in": 784, "λ": 5.0}[varied])
    for name, scale in zip(SCALES, scales):
        x, law = picture.laws[name].get_data()
        assert list(x) == list(found) and law[base] == pytest.approx(means[base])
        np.testing.assert_allclose(law / law[0], scale / scale[0], rtol=1e-9)
        multiples = picture.courses[name].get_ydata()
        np.testing.assert_allclose(multiples * scale, means, rtol=1e-9)
        assert inside(picture.multiples, multiples)
    assert key(picture.sizes) == ["old", "new", *(f"∝ {scale}" for scale in SCALES)]
    assert key(picture.multiples) == [*SCALES]


@EACH
@BOTH
def test_words_table_and_columns_say_what_is_in_the_file(figure, varied, weights):
    figure.set(varied=varied, weights=weights)
    found = chosen(varied, weights)
    means, scales = course(found)
    factors = [max(v[0] / v[-1], v[-1] / v[0]) for v in (means, *scales)]
    ends = [size / scale for v in scales for size, scale in ((means[0], v[0]), (means[-1], v[-1]))]
    assert_says(
        figure.sentence,
        f"From # to # on the axis, the size ({weights}) changes by a factor of #; 1/√N_w by #, "
        "1/√fan_in by #, 1/√⟨|x|²⟩ by #. In multiples of these three the size goes from # to #, "
        "from # to # and from # to #.",
        min(found), max(found), *factors, *ends,
    )  # fmt: skip
    name = f"{VARIED[varied].xlabel} = {min(found):g}: size, in multiples of {', '.join(SCALES)}"
    assert_says(row(figure, name), "#, #, #, #", means[0], *(means[0] / v[0] for v in scales))
    saved = rows(figure)
    assert len(saved) == sum(map(len, found.values()))
    sizes = sorted(size for of in found.values() for _, size, _ in of)
    assert sorted(float(one[f"size, {weights}"]) for one in saved) == pytest.approx(sizes)


def test_one_table_says_of_each_choice_what_the_sentences_say(figure):
    for varied, row_of_it in zip(VARIED, table_of_courses().rows, strict=True):
        figure.set(varied=varied, weights="hidden layer")
        what, *of_the_layer, of_all = row_of_it
        assert "{}, {} and {}.".format(*(f"from {ends}" for ends in of_the_layer)) in (
            figure.sentence
        )
        assert what.split(", ")[1] in figure.sentence
        figure.set(weights="all weights")
        assert f"the size goes from {of_all}, " in figure.sentence


def test_the_width_tells_the_scales_apart_and_the_fan_in_does_not():
    """What the notebook says: only 1/√N_w stays within a third over the widths."""
    moves = {}
    for varied in ("hidden width", "fan_in"):
        means, scales = course(chosen(varied, "hidden layer"))
        moves[varied] = (means / scales).max(axis=1) / (means / scales).min(axis=1)
    assert moves["hidden width"][0] < 4 / 3 and moves["hidden width"][1:].min() > 6
    assert moves["fan_in"].argmin() == 2 and moves["fan_in"][2] < 1.06
