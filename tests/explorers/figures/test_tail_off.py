"""Claim 3's figure against a plain run of `train`, and its words against the numbers."""

import itertools
import math

import by_hand
import numpy as np
import pytest
from page import assert_presentable
from told import assert_told, column, inside, key, laid_out, marks, row, shown, stages

from experiments.histories import SAMPLE, SLOPE_EDGES, Z_EDGES
from explorers import TailOff
from explorers.figures.tail_off import EPOCHS
from explorers.formats import percent, rounded
from nn_core import load_mnist

INITS = ("old", "new")
SMALL = {"m": 30, "n_train": 100, "hidden": 7, "fan_in": "196"}  # 4 steps an epoch
FAST = {"n_train": 100, "hidden": 5}
POOLED = {"784": 1, "196": 2, "49": 4}


@pytest.fixture(scope="module")
def small():
    return TailOff(**SMALL)


@pytest.fixture(scope="module")
def fast():
    return TailOff(**FAST)


def trained(init, epochs=EPOCHS, **setting):
    """Return (network, images, run) of SMALL, by itself."""
    return by_hand.plain(init, epochs=epochs, m=30, n_train=100, hidden=7, pool=2, **setting)


def ends(result):
    return [result.sizes[init][-1] for init in INITS]


def in_the_picture(picture, result):
    both = result.sizes["old"] + result.sizes["new"]
    return inside(picture.sizes, (*both, *result.scales.values()))


@pytest.mark.parametrize("init", INITS)
def test_sizes_ledgers_and_accuracies_are_those_of_one_call_of_train(small, init):
    fresh, images, _ = trained(init)
    records, result = list(trained(init)[2]), small.result
    assert result.sizes[init][1:] == tuple(record.weight_rms[0] for record in records)
    assert result.ledgers[init] == tuple(record.ledger.layers[0] for record in records)
    assert result.accuracy[init][1:] == tuple(record.accuracy for record in records)
    assert result.sizes[init][0] == pytest.approx(np.sqrt((fresh.weights[0] ** 2).mean()))
    assert result.accuracy[init][0] == fresh.accuracy(images.x, images.y)


@pytest.mark.parametrize("init", INITS)
def test_the_neurons_are_those_of_the_network_after_each_epoch(small, init):
    net, images, run = trained(init, epochs=3)
    for epoch, _ in enumerate(itertools.chain([None], run)):
        z = images.x[:SAMPLE] @ net.weights[0].T + net.biases[0]
        slope = np.exp(-z) / (1 + np.exp(-z)) ** 2
        neurons = small.result.neurons[init][epoch]
        assert neurons.z_rms == pytest.approx(np.sqrt((z**2).mean()))
        assert neurons.saturated == pytest.approx((slope < 0.02).mean())
        for share, values, edges in [(neurons.z_share, z, Z_EDGES),
                                     (neurons.slope_share, slope, SLOPE_EDGES)]:  # fmt: skip
            assert share.sum() == pytest.approx(1) and len(share) == len(edges) - 1
            in_bins = [((values >= a) & (values < b)).mean()
                       for a, b in itertools.pairwise(edges[1:-1])]  # fmt: skip
            np.testing.assert_allclose(share[1:-1], in_bins, atol=2 / z.size)


@pytest.mark.parametrize("fan_in", POOLED)
def test_the_scales(fan_in):
    (result,) = stages(TailOff, 0, n_train=100, hidden=100, fan_in=fan_in)
    x = load_mnist(100, pool=POOLED[fan_in]).train.pixels / 256
    assert result.scales == pytest.approx({
        "1/√N_w": (100 * int(fan_in) + 1000) ** -0.5,
        "1/√fan_in": int(fan_in) ** -0.5,
        "1/√⟨|x|²⟩": (np.linalg.norm(x, axis=1) ** 2).mean() ** -0.5,
    })  # fmt: skip
    picture = laid_out(TailOff)
    picture.draw(result, epoch=EPOCHS)
    assert in_the_picture(picture, result)
    assert 3 <= sum(inside(picture.sizes, [y]) for y in picture.sizes.still.get_yticks()) <= 7


# Where they arrive, and when.


def test_old_and_new_arrive_at_one_size_after_the_epochs_that_decay_takes(fast):
    result = fast.result
    large, scaled = (np.array(result.sizes[init]) for init in INITS)
    assert large[0] / scaled[0] == pytest.approx(28)
    arrived, apart = result.arrived, np.maximum(large / scaled, scaled / large)
    assert (apart[arrived:] <= 1.1).all() and apart[arrived - 1] > 1.1
    assert f"From epoch {arrived} on the old weights are within 10 % of the new" in fast.sentence
    for name, scale in result.scales.items():
        assert f"{rounded(large[-1] / scale, 2)} × {name}" in fast.sentence
    expected = 10 / 0.5 * math.log(large[0] / scaled[-1])
    assert result.expected == pytest.approx(expected)
    assert (
        f"After {rounded(expected, 2)} epochs the memory is as short as the message"
        in fast.sentence
    )
    line = shown(fast).expected
    assert line.get_visible() and line.get_xdata()[0] == pytest.approx(expected)


def test_the_table_has_the_last_epoch(small):
    (_, images, run), (_, _, other) = map(trained, INITS)
    (*_, old), (*_, new) = run, other
    one = old.ledger.layers[0]
    squares = sum(layer.size_after for layer in new.ledger.layers)
    everywhere = (squares / (7 * (196 + 10))) ** 0.5
    neurons = small.result.neurons["old"][-1]
    assert_told(small, {
        "hidden layer, old initialization, now": old.weight_rms[0],
        "hidden layer, new, now": new.weight_rms[0],
        "all weights, new, now": everywhere,
        "mean squared length": (images.x**2).sum(axis=1).mean(),
        "last epoch: decay": one.decay / one.size_before,
        "last epoch: pull": one.pull / one.size_before,
        "last epoch: kick": one.kick / one.size_before,
        "gain and heat at balance": 5.0 * new.ledger.layers[0].size_after / 100,
        "epoch of the bars": EPOCHS,
        "there: root mean square of z": neurons.z_rms,
        "there: saturated": neurons.saturated,
        "epochs trained": EPOCHS,
    })  # fmt: skip


# The epoch shown, and what the pictures show.


@pytest.mark.parametrize("epoch", [0, 17, EPOCHS])
def test_an_epoch_that_is_chosen_is_shown_and_told(fast, epoch):
    fast.epoch.value = epoch
    picture, neurons = shown(fast), {init: fast.result.neurons[init][epoch] for init in INITS}
    old = neurons["old"]
    assert row(fast, "epoch of the bars") == str(epoch)
    assert row(fast, "there: root mean square of z (old)") == rounded(old.z_rms)
    at_first = percent(fast.result.neurons["old"][0].saturated)
    later = f", and {percent(old.saturated)} after epoch {epoch}" if epoch else ""
    assert (f"{at_first} are saturated at first{later} (where z has a root mean square of "
            f"{rounded(old.z_rms, 2)}).") in fast.sentence  # fmt: skip
    accuracy = percent(fast.result.accuracy["old"][-1])
    assert f"gets {accuracy} of its training images right." in fast.sentence
    assert picture.when.get_text() == (f"after epoch {epoch}" if epoch else "before training")
    assert picture.cursor.get_xdata()[0] == epoch
    for init in INITS:
        for bars, share in [(picture.z_bars, neurons[init].z_share),
                            (picture.slope_bars, neurons[init].slope_share)]:  # fmt: skip
            np.testing.assert_array_equal(bars[init].get_data()[0], share)


def test_a_histogram_says_what_it_counts_and_its_bars_are_even_on_paper(fast):
    picture = shown(fast)
    for panel, of in [(picture.z, "z"), (picture.slope, "σ′(z)")]:
        assert key(panel) == ["old", "new"]
        assert panel.still.get_title(loc="left") == f"Neurons by {of}, share per bar"
        assert panel.still.get_xlabel().startswith(of) and panel.still.get_yticks()[0] == 0
    widths = np.diff(picture.z.still.get_xaxis().get_transform().transform(Z_EDGES))
    assert widths == pytest.approx(widths[0])


def test_no_bar_is_cut_and_z_has_one_axis_for_all_epochs(fast):
    result, picture = fast.result, laid_out(TailOff)
    tops = set()
    for epoch in (0, 60, EPOCHS):
        picture.draw(result, epoch=epoch)
        tops.add(picture.z.still.get_ylim()[1])
        slope = picture.slope.still.get_ylim()[1]
        now = [result.neurons[init][epoch] for init in INITS]
        assert slope / 2.5 < max(one.slope_share.max() for one in now) <= slope
    (z,) = tops
    every = [one for init in INITS for one in result.neurons[init]]
    assert z / 2.5 < max(one.z_share.max() for one in every) <= z


def test_an_epoch_that_is_not_trained_yet_shows_the_newest(fast):
    fast.restart()
    for epoch in range(3):
        assert row(fast, "epoch of the bars") == str(epoch)
        words = f"After epoch {epoch} the old weights" if epoch else "Nothing is trained yet"
        assert words in fast.sentence
        fast.step()
    fast.epoch.value = 1
    assert row(fast, "epoch of the bars") == "1" and fast.result.epochs == 3


def test_curves_scales_and_file_show_the_numbers(small):
    picture, result = shown(small), small.result
    names = zip(picture.scales.lines, picture.scales.names)
    assert {name.get_text(): line.get_ydata()[0] for line, name in names} == result.scales
    assert column(small, "epoch") == list(range(EPOCHS + 1))
    for init in INITS:
        neurons = result.neurons[init]
        assert tuple(picture.curves[init].get_ydata()) == result.sizes[init]
        for what, values in [
            ("rms", result.sizes[init]), ("accuracy", result.accuracy[init]),
            ("z_rms", [one.z_rms for one in neurons]),
            ("saturated", [one.saturated for one in neurons]),
        ]:  # fmt: skip
            assert column(small, f"{init}_{what}") == list(values)


ALONE, NONE, GROWN = (
    "the memory is as short as the message of the new.",
    "λ = 0: there is no decay.",
    "grown beyond the start",
)
WILD = [
    ({"lmbda": 500.0}, ALONE),  # nothing is learned
    ({"lmbda": 0.5}, ALONE),  # they have not met
    ({"lmbda": 0.0}, NONE),
    ({"eta": 2.0, "lmbda": 0.0, "m": 1, "fan_in": "49"}, NONE),  # weights grow beyond their start
    ({"eta": 2.0, "lmbda": 0.1, "fan_in": "49"}, GROWN),
    ({"eta": 2.0, "lmbda": 0.1, "m": 1}, ALONE),  # the old go through the new
    ({"eta": 2.0, "lmbda": 50.0, "m": 100, "fan_in": "49"}, ALONE),  # and are gone
]


@pytest.mark.parametrize("state, about_decay", WILD, ids=str)
def test_a_wild_run_to_its_end(state, about_decay):
    figure = TailOff(**FAST, **state)
    result, sentence = figure.result, figure.sentence
    assert_presentable(sentence, figure.table)
    large, scaled = ends(result)
    near = max(large / scaled, scaled / large) <= 1.1
    apart = f"at {rounded(large)}, the new at {rounded(scaled)}: they are more than 10 % apart."
    assert ("are within 10 %" in sentence) == near == (apart not in sentence)
    assert (result.arrived is not None) == near
    assert [words in sentence for words in (ALONE, NONE, GROWN)].count(True) == 1
    assert about_decay in sentence and (result.expected is None) == (about_decay != ALONE)
    accuracy = result.accuracy["old"][-1]
    learned_little = f"But it has learned little: it gets {percent(accuracy)} of"
    assert (learned_little in sentence) == (accuracy < 0.3)
    assert accuracy < 0.3 or state != {"lmbda": 500.0}
    picture = shown(figure)
    assert in_the_picture(picture, result)
    assert about_decay == ALONE or not picture.expected.get_visible()


def test_moved_in_mid_run_eta_and_lambda_act_from_the_next_epoch_on():
    moved = {3: {"lmbda": 20.0}, 4: {"eta": 0.2, "lmbda": 0.0}}
    result, picture = stages(TailOff, 4, moved, **SMALL)[-1], laid_out(TailOff)
    for init in INITS:
        *_, run = trained(init, 4, moved=moved)
        assert result.sizes[init][1:] == tuple(record.weight_rms[0] for record in run)
    picture.draw(result, epoch=EPOCHS)
    assert marks(picture) == [(2, "λ → 20"), (3, "η → 0.2, λ → 0")]
    assert result.expected is None and not picture.expected.get_visible()
    sentence = TailOff.describe(result, epoch=EPOCHS)
    assert "the memory is as short as" not in sentence and "λ = 0" not in sentence
    assert_presentable(sentence, TailOff.tabulate(result, epoch=EPOCHS))
