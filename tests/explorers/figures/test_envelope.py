"""The least of the lines, against the stored runs themselves and against what a tangent is."""

from itertools import pairwise

import numpy as np
import pytest
from swept import swept
from told import column, row, shown

from explorers import Envelope

LAMBDAS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)


def stored(**wanted):
    """The mean of the squares of all weights over the stored runs with these parameters."""
    found = [columns["squared_size"].sum() for _, columns in swept(**wanted)]
    assert len(found) == 6
    return np.mean(found)


@pytest.mark.parametrize("lmbda", LAMBDAS)
def test_each_network_is_the_cheapest_where_it_was_trained(lmbda):
    """Not built in: it fails for weights that are not the best ones for their lambda."""
    best = Envelope(lmbda=lmbda).result.cheapest(lmbda)
    assert best.lmbda == lmbda and best.total == pytest.approx(stored(lmbda=lmbda))


def test_the_slope_of_the_least_cost_is_half_the_sum_of_squares():
    """Between neighbours: a concave curve's chord is steeper than the tangent at its right end."""
    lines = Envelope().result.decays
    for left, right in pairwise(lines):
        rise = right.cost(right.lmbda) - left.cost(left.lmbda)
        chord = rise / (right.lmbda - left.lmbda) * 5000
        assert left.total / 2 > chord > right.total / 2


@pytest.mark.parametrize("decay, most", [("1", 1.45), ("5", 1.1), ("50", 1.06)])
def test_the_sum_of_all_squares_hardly_knows_the_width(decay, most):
    widths = Envelope(decay=decay).result.widths
    assert widths[0].total == pytest.approx(stored(hidden=8, lmbda=float(decay)))
    totals = [line.total for line in widths]
    assert max(totals) / min(totals) < most
    shares = [line.squares[0] / line.total for line in widths]
    assert shares == sorted(shares)  # the wider, the more of it lies in the hidden layer


def test_the_picture_shows_the_lines_and_touches_the_cheapest():
    figure = Envelope(lmbda=7.0, decay="50")
    picture = shown(figure)
    best = figure.result.cheapest(7.0)
    assert best.lmbda == 5.0
    ((x,), (y,)) = picture.here.get_data()
    assert (x, y) == (7.0, best.cost(7.0))
    at, least = picture.least.get_data()
    assert np.interp(7.0, at, least) == pytest.approx(y, rel=0.01)
    for curve, line in zip(picture.others, figure.result.decays):
        np.testing.assert_allclose(curve.get_ydata(), line.cost(np.array(curve.get_xdata())))
        assert (least <= np.interp(at, *curve.get_data()) + 1e-9).all()
    hidden = column(figure, "squares_hidden")[9:]
    np.testing.assert_allclose(picture.curves["hidden"].get_ydata(), hidden)
    assert row(figure, "trained with λ = 5: cost at λ = 7").startswith(f"{best.cost(7.0):.3f}")
