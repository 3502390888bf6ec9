"""Claim 3's figure against a plain run of `train`, and its words against the numbers."""

import csv
import io
import itertools
import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from layout import assert_readable, drawn, laid_out
from playing import assert_presentable, hear, in_browser, move, stages, step, until

from explorers import TailOff
from explorers.figures import tail_off
from explorers.figures.tail_off import EPOCHS, SAMPLE, SEED, SLOPE_EDGES, Z_EDGES
from explorers.formats import percent, rounded
from explorers.inits import NAMES
from nn_core import DivergenceError, Network, load_mnist, train

SMALL = {"m": 30, "n_train": 100, "hidden": 7, "fan_in": "196"}  # 4 steps an epoch
FAST = {"n_train": 100, "hidden": 5}
STOPS = {control.name: control.stops for control in TailOff.controls}
POOLED = {"784": 1, "196": 2, "49": 4}


@pytest.fixture(scope="module")
def small():
    """Trained once; the tests that move it use one of their own."""
    return TailOff(**SMALL)


@pytest.fixture
def figure():
    return TailOff(**FAST)


def by_hand(init, *, eta=0.1, lmbda=5.0, m=10, n_train, hidden, fan_in="784", epochs=EPOCHS):
    """Return (network, images, run): one call of `train` for one network."""
    images = load_mnist(n_train, pool=POOLED[fan_in]).train
    net = Network([int(fan_in), hidden, 10], init=init, seed=SEED)
    run = train(net, images.x, images.y, epochs=epochs, m=m, eta=eta, lmbda=lmbda,
                seed=np.random.default_rng(SEED + 1), ledger=True)  # fmt: skip
    return net, images, run


def hidden_neurons(net, x):
    """Return (z, sigma'(z)) of the hidden neurons for the sample, by the definitions."""
    z = x[:SAMPLE] @ net.weights[0].T + net.biases[0]
    return z, np.exp(-z) / (1 + np.exp(-z)) ** 2


@pytest.mark.parametrize("init", NAMES)
def test_sizes_ledgers_and_accuracies_are_those_of_one_call_of_train(small, init):
    _, _, run = by_hand(init, **SMALL)
    records, result = list(run), small.result
    assert result.sizes[init][1:] == tuple(record.weight_rms[0] for record in records)
    assert result.ledgers[init] == tuple(record.ledger.layers[0] for record in records)
    assert result.accuracy[init][1:] == tuple(record.accuracy for record in records)
    fresh, images, _ = by_hand(init, **SMALL)
    assert result.sizes[init][0] == pytest.approx(np.sqrt((fresh.weights[0] ** 2).mean()))
    assert result.accuracy[init][0] == fresh.accuracy(images.x, images.y)


@pytest.mark.parametrize("init", NAMES)
def test_the_neurons_are_those_of_the_network_after_each_epoch(small, init):
    net, images, run = by_hand(init, **SMALL, epochs=3)
    for epoch, _ in enumerate(itertools.chain([None], run)):
        z, slope = hidden_neurons(net, images.x)
        neurons = small.result.neurons[init][epoch]
        assert neurons.z_rms == pytest.approx(np.sqrt((z**2).mean()))
        assert neurons.saturated == pytest.approx((slope < 0.02).mean())
        for share, values, edges in [(neurons.z_share, z, Z_EDGES),
                                     (neurons.slope_share, slope, SLOPE_EDGES)]:  # fmt: skip
            assert share.sum() == pytest.approx(1) and len(share) == len(edges) - 1
            inside = [((values >= a) & (values < b)).mean()
                      for a, b in itertools.pairwise(edges[1:-1])]  # fmt: skip
            np.testing.assert_allclose(share[1:-1], inside, atol=2 / z.size)


@pytest.mark.parametrize("fan_in", POOLED)
def test_the_scales(fan_in):
    result = next(iter(stages(TailOff, 0, n_train=100, hidden=7, fan_in=fan_in)))
    x = load_mnist(100, pool=POOLED[fan_in]).train.pixels / 256
    assert result.scales == pytest.approx({
        "1/√N_w": (7 * int(fan_in) + 70) ** -0.5,
        "1/√fan_in": int(fan_in) ** -0.5,
        "1/√⟨|x|²⟩": (np.linalg.norm(x, axis=1) ** 2).mean() ** -0.5,
    })  # fmt: skip


def test_old_and_new_arrive_at_one_size(figure):
    large, scaled = (np.array(figure.result.sizes[init]) for init in NAMES)
    assert large[0] / scaled[0] == pytest.approx(28)
    arrived = figure.result.arrived
    apart = np.maximum(large / scaled, scaled / large)
    assert (apart[arrived:] <= 1.1).all() and apart[arrived - 1] > 1.1
    assert f"From epoch {arrived} on the old weights are within 10 % of the new" in figure.sentence
    for name, scale in figure.result.scales.items():
        assert f"{rounded(large[-1] / scale, 2)} × {name}" in figure.sentence


def test_where_they_have_not_met_it_says_so():
    figure = TailOff(**FAST, lmbda=0.5)
    large, scaled = (figure.result.sizes[init][-1] for init in NAMES)
    assert figure.result.arrived is None and max(large / scaled, scaled / large) > 1.1
    for size in (large, scaled):
        assert rounded(size) in figure.sentence
    assert "more than 10 % apart" in figure.sentence and "within" not in figure.sentence


@pytest.mark.parametrize(
    "large, scaled, arrived",
    [
        ((1.0, 0.5, 0.1), (0.1, 0.1, 0.1), 2),
        ((1.0, 0.105, 0.1), (0.1, 0.1, 0.1), 1),
        ((1.0, 0.5, 0.12), (0.1, 0.1, 0.1), None),
        ((1.0, 0.1, 0.05), (0.1, 0.1, 0.1), None),  # went through, and far below
        ((1.0, 0.1, 0.2, 0.1), (0.1, 0.1, 0.1, 0.1), 3),
    ],
)
def test_arrived_means_from_there_on_and_from_both_sides(small, large, scaled, arrived):
    result = replace(small.result, sizes={"large": large, "scaled": scaled},
                     settings=((0.1, 5.0),) * (len(large) - 1))  # fmt: skip
    assert result.arrived == arrived
    sentence = TailOff.describe(result, epoch=0)
    assert ("within 10 % of the new" in sentence) == (arrived is not None)


def test_when_it_is_expected(figure):
    result = figure.result
    expected = 10 / 0.5 * math.log(result.sizes["large"][0] / result.sizes["scaled"][-1])
    assert result.expected == pytest.approx(expected)
    assert f"decay alone would take {rounded(expected, 2)} epochs" in figure.sentence
    line = drawn(figure).expected
    assert line.get_visible() and line.get_xdata()[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    "state, words",
    [
        ({"lmbda": 0.0}, "λ = 0: there is no decay."),
        ({"eta": 2.0, "lmbda": 0.1, "fan_in": "49"}, "grown beyond the start of the old"),
    ],
)
def test_no_epoch_is_expected_where_decay_does_not_lead_there(state, words):
    figure = TailOff(**FAST, **state)
    assert figure.result.expected is None and words in figure.sentence
    assert "decay alone would take" not in figure.sentence
    assert not drawn(figure).expected.get_visible()
    assert_presentable(figure.sentence, figure.numbers)


def test_far_too_much_decay_and_nothing_is_learned():
    figure = TailOff(**FAST, lmbda=500.0)
    accuracy = figure.result.accuracy["large"][-1]
    assert accuracy < 0.3
    assert f"But it has learned little: it gets {percent(accuracy)} of" in figure.sentence
    low, high = drawn(figure).sizes.moving.get_ylim()
    assert all(low < size < high for init in NAMES for size in figure.result.sizes[init])


def test_the_sentence_says_how_the_neurons_leave_saturation(small):
    start, now = (small.result.neurons["large"][epoch] for epoch in (0, -1))
    assert f"{percent(start.saturated)} are saturated at first" in small.sentence
    assert f"{percent(now.saturated)} after epoch {EPOCHS}" in small.sentence
    assert f"root mean square of {rounded(now.z_rms, 2)}" in small.sentence
    accuracy = small.result.accuracy["large"][-1]
    assert f"{percent(accuracy)} of its training images right." in small.sentence


def test_the_table_has_the_last_epoch(small, number_in):
    _, images, run = by_hand("large", **SMALL)
    *_, record = run
    *_, other = by_hand("scaled", **SMALL)[2]
    one, neurons = record.ledger.layers[0], small.result.neurons["large"][-1]
    for word, value in {
        "hidden layer, old initialization, now": record.weight_rms[0],
        "hidden layer, new, now": other.weight_rms[0],
        "mean squared length": (images.x**2).sum(axis=1).mean(),
        "last epoch: decay": one.decay / one.size_before,
        "last epoch: pull": one.pull / one.size_before,
        "last epoch: kick": one.kick / one.size_before,
        "gain at balance": 5.0 * other.ledger.layers[0].size_after / 100,
        "epoch shown": EPOCHS,
        "there: root mean square of z": neurons.z_rms,
        "there: saturated": neurons.saturated,
        "epochs trained": EPOCHS,
    }.items():  # fmt: skip
        (text,) = [text for what, text in small.numbers.items() if what.startswith(word)]
        assert number_in(text) == pytest.approx(value, rel=0.06), word


ENDS = [{name: stops[end]} for name, stops in STOPS.items() for end in (0, -1)]
ENDS += [
    {"m": 100, "n_train": 100},
    {"m": 1, "lmbda": 100.0},
    {"eta": 2.0, "lmbda": 50.0, "m": 100},
    {"eta": 0.01, "lmbda": 0.0, "m": 100, "fan_in": "49"},
    {"eta": 2.0, "lmbda": 99.0, "n_train": 100},
]


@pytest.mark.parametrize("width", [720])
@pytest.mark.parametrize("end", ENDS, ids=str)
def test_sentence_table_and_picture_at_the_ends_of_the_sliders(end, width):
    """Two epochs of each: presentable at every stage, and nothing leaves the picture."""
    state = FAST | {"epoch": EPOCHS} | end
    picture = laid_out(TailOff.Picture, width)
    for result in stages(TailOff, 2, **state):
        view = {"epoch": state["epoch"]}
        assert_presentable(TailOff.describe(result, **view), TailOff.tabulate(result, **view))
        picture.draw(result, **view)
        low, high = picture.sizes.moving.get_ylim()
        assert all(low < size < high for init in NAMES for size in result.sizes[init])
        assert low < min(result.scales.values()) and max(result.scales.values()) < high
        assert_readable(picture)
        ticks = picture.sizes.still.get_yticks()
        assert 3 <= len([tick for tick in ticks if low <= tick <= high]) <= 7


WILD = [
    {"eta": 2.0, "lmbda": 0.0, "m": 1, "fan_in": "49"},  # weights grow beyond their start
    {"eta": 2.0, "lmbda": 0.1, "m": 1},  # the old go through the new
    {"eta": 2.0, "lmbda": 50.0, "m": 100, "fan_in": "49"},  # and are gone
]


@pytest.mark.parametrize("state", WILD, ids=str)
def test_wild_runs_to_their_end(state):
    figure = TailOff(**FAST, **state)
    assert_presentable(figure.sentence, figure.numbers)
    large, scaled = (figure.result.sizes[init][-1] for init in NAMES)
    near = max(large / scaled, scaled / large) <= 1.1
    assert ("are within 10 %" in figure.sentence) == near
    low, high = drawn(figure).sizes.moving.get_ylim()
    assert all(low < size < high for init in NAMES for size in figure.result.sizes[init])


def test_growing_decay_is_refused_in_words(figure):
    with pytest.raises(DivergenceError):
        figure.set(eta=2.0, lmbda=500.0)
    assert "must be below 2" in figure.message and figure.sentence.startswith("Nothing is trained")
    figure.set(eta=0.1)
    assert figure.message == "" and figure.result.epochs == EPOCHS


# Playing it.


def test_moved_in_mid_run_eta_and_lambda_act_from_the_next_epoch_on():
    async def scenario():
        figure = TailOff(**SMALL)
        hear(figure, kind="restart")
        for _ in range(2):
            await step(figure)
        move(figure, lmbda=20.0)
        assert figure.result.epochs == 2 and figure.result.changes == ()  # not yet
        await step(figure)
        move(figure, eta=0.2, lmbda=0.0)
        await step(figure)
        result = figure.result
        assert result.changes == ((2, "λ → 20"), (3, "η → 0.2, λ → 0"))
        assert result.settings == ((0.1, 5.0), (0.1, 5.0), (0.1, 20.0), (0.2, 0.0))
        for init in NAMES:
            net, images, _ = by_hand(init, **SMALL)
            rng, sizes = np.random.default_rng(SEED + 1), []
            for eta, lmbda in result.settings:
                run = train(net, images.x, images.y, epochs=1, m=30, eta=eta, lmbda=lmbda, seed=rng)
                sizes.append(next(run).weight_rms[0])
            assert result.sizes[init][1:] == tuple(sizes)
        marks = drawn(figure).marks
        seen = [(line.get_xdata()[0], note.get_text())
                for line, note in zip(marks.lines, marks.notes) if line.get_visible()]  # fmt: skip
        assert seen == [(2, "λ → 20"), (3, "η → 0.2, λ → 0")] and "λ → 20" in figure._moving
        assert result.expected is None and not drawn(figure).expected.get_visible()
        assert "decay alone" not in figure.sentence and "λ = 0" not in figure.sentence
        assert_presentable(figure.sentence, figure.numbers)

    assert in_browser(scenario) == []


def test_the_epoch_shown_is_a_view_and_never_trains(monkeypatch, figure):
    sizes = figure.result.sizes
    monkeypatch.setattr(tail_off, "train", None)  # whoever trains now, fails
    for epoch in (0, 17, EPOCHS):
        figure.epoch.value = epoch
        move(figure, epoch=epoch)
        assert figure.result.sizes is sizes and figure._finished
        picture, neurons = drawn(figure), figure.result.neurons
        assert figure.numbers["epoch shown on the right"] == str(epoch)
        assert figure.numbers["there: root mean square of z (old)"] == rounded(
            neurons["large"][epoch].z_rms
        )
        for init in NAMES:
            z, slope = (histogram.get_data()[0] for histogram in picture.histograms[init])
            now = neurons[init][epoch]
            np.testing.assert_array_equal(z, np.minimum(now.z_share, 0.3))
            np.testing.assert_array_equal(slope, np.minimum(now.slope_share, 0.7))
        assert f"mean square of {rounded(neurons['large'][epoch].z_rms, 2)})" in figure.sentence
        assert f"{percent(neurons['large'][epoch].saturated)} " in figure.sentence
        assert (f"after epoch {epoch} (where" in figure.sentence) == (epoch > 0)
        assert picture.cursor.get_xdata()[0] == epoch
        assert picture.when.get_text() == (f"after epoch {epoch}" if epoch else "before training")


def test_an_epoch_that_is_not_trained_yet_shows_the_newest(figure):
    figure.restart()
    for epoch in range(3):
        assert figure.numbers["epoch shown on the right"] == str(epoch)
        figure.step()
    figure.epoch.value = 1
    assert figure.numbers["epoch shown on the right"] == "1" and figure.result.epochs == 3


def test_restart_step_and_finish(figure):
    through = figure.result.sizes
    figure.restart()
    assert figure.result.epochs == 0 and figure._progress == [0, EPOCHS]
    assert "Nothing is trained yet" in figure.sentence and "after" not in figure.sentence
    figure.step()
    assert "After epoch 1 the old weights" in figure.sentence and "1 epochs" not in figure.sentence
    figure.step()
    assert figure._progress == [2, EPOCHS] and figure.result.epochs == 2
    for init in NAMES:
        assert figure.result.sizes[init] == through[init][:3]
    figure.finish()
    assert figure.result.sizes == through and figure._finished


def test_a_move_of_the_view_while_it_plays_lets_it_play():
    async def scenario():
        figure = TailOff(n_train=200)
        hear(figure, kind="play")
        await until(lambda: figure._progress[0] >= 2)
        move(figure, epoch=1)
        assert figure._running and figure.numbers["epoch shown on the right"] == "1"
        hear(figure, kind="pause")
        await until(figure._worker.done)
        assert 2 <= figure._progress[0] < EPOCHS

    assert in_browser(scenario) == []


# Preset, file, picture, record.


def test_preset_round_trip(small):
    assert small.preset == (
        "tail-off eta=0.1 lmbda=5 m=30 n_train=100 hidden=7 fan_in=196 epoch=120"
    )
    twin = TailOff(**FAST)
    twin.apply(small.preset)
    assert (twin.sentence, twin._moving, twin._still) == (
        small.sentence, small._moving, small._still)  # fmt: skip


def test_the_csv_holds_both_networks(small):
    table = list(csv.DictReader(io.StringIO(small.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(EPOCHS + 1))
    for init, name in NAMES.items():
        for epoch, line in enumerate(table):
            assert float(line[f"{name}_rms"]) == small.result.sizes[init][epoch]
            assert float(line[f"{name}_accuracy"]) == small.result.accuracy[init][epoch]
            neurons = small.result.neurons[init][epoch]
            assert float(line[f"{name}_z_rms"]) == neurons.z_rms
            assert float(line[f"{name}_saturated"]) == neurons.saturated


def test_curves_and_scales_show_the_numbers(small):
    picture, result = drawn(small), small.result
    for init in NAMES:
        np.testing.assert_array_equal(picture.curves[init].get_ydata(), result.sizes[init])
    shown = {name.get_text(): line.get_ydata()[0]
             for line, name in zip(picture.scales.lines, picture.scales.names)}  # fmt: skip
    assert shown == result.scales


def test_what_a_reader_without_kernel_gets(small):
    data, metadata = small._repr_mimebundle_()
    assert small.sentence in metadata["image/png"]["alt"]
    assert re.match("Where the decay tails off", data["text/plain"])
    json.dumps([data, metadata])
