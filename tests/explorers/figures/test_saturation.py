"""The fourth answer's figure against training image by image, with its own ledger."""

import csv
import io
import itertools
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from layout import drawn, laid_out
from playing import assert_presentable, hear, in_browser, stages, step

from explorers import Saturation, TailOff
from explorers.figures import saturation, tail_off
from explorers.figures.saturation import columns, describe, series, tabulate
from nn_core import DivergenceError, Network, load_mnist

STOPS = {control.name: control.stops for control in Saturation.controls}
SMALL = {
    "eta": 0.1,
    "lmbda": 5.0,
    "m": 30,
    "n_train": 100,
    "hidden": 7,
}  # m does not divide n_train
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
SENTENCE = re.compile(
    rf"At first ({NUMBER} %) of the hidden neurons are saturated\. Is the data gradient "
    rf"negligible then\? By the ledger (yes|no) \(decay has ({NUMBER} %)\), by the single step "
    rf"(yes|no) \(decay has ({NUMBER} %)\)\. The width of z is ({NUMBER}); w·√⟨\|x\|²⟩ with the "
    rf"bias gives ({NUMBER}), ({NUMBER} %) off, and √N_w·w would give ({NUMBER})\. After (\d+) "
    rf"(epochs?) z is ({NUMBER}), and random signs would make it ({NUMBER}), "
    rf"({NUMBER}) times that\."
)


def by_hand(epochs, *, eta, lmbda, m, n_train, hidden):
    """Train the old network image by image; return what the figure follows, written out."""
    mnist = load_mnist(n_train)
    x, y = mnist.train.pixels / 256, mnist.train.y
    net = Network([784, hidden, 10], init="large", seed=tail_off.SEED)
    (w1, w2), (b1, b2) = net.weights, net.biases
    rng = np.random.default_rng(tail_off.SEED + 1)
    x_squared = np.mean([pixels @ pixels for pixels in x])
    found = {name: [] for name in ("saturated", "ledger", "step", "z", "random", "answer")}

    def look():
        z = np.array([w1 @ pixels + b1 for pixels in x[:100]])
        a = 1 / (1 + np.exp(-z))
        size = np.sqrt((w1**2).sum() / w1.size)
        found["saturated"].append(np.mean(a * (1 - a) < 0.02))
        found["z"].append(np.sqrt((z**2).sum() / z.size))
        found["random"].append(np.sqrt(size**2 * x_squared + 1))
        found["answer"].append(size * np.sqrt(w1.size + w2.size))

    look()
    s = 1 - eta * lmbda / n_train
    for _ in range(epochs):
        order, terms, lengths = rng.permutation(n_train), np.zeros(3), []
        for start in range(0, n_train, m):
            batch = order[start : start + m]
            sums = [0, 0, 0, 0]
            for i in batch:
                a1 = 1 / (1 + np.exp(-(w1 @ x[i] + b1)))
                error = 1 / (1 + np.exp(-(w2 @ a1 + b2))) - y[i]
                back = (w2.T @ error) * a1 * (1 - a1)
                parts = np.outer(back, x[i]), back, np.outer(error, a1), error
                sums = [total + part for total, part in zip(sums, parts)]
            g1, gb1, g2, gb2 = (eta / len(batch) * total for total in sums)
            terms += [(s**2 - 1) * (w1**2).sum(), -2 * s * (w1 * g1).sum(), (g1**2).sum()]
            lengths.append([(1 - s) * np.linalg.norm(w1), np.linalg.norm(g1)])
            w1, w2, b1, b2 = s * w1 - g1, s * w2 - g2, b1 - gb1, b2 - gb2
        found["ledger"].append(abs(terms[0]) / abs(terms).sum())
        decay, data = np.mean(lengths, axis=0)
        found["step"].append(decay / (decay + data))
        look()
    return found


def result_after(epochs, **state):
    *_, result = stages(Saturation, epochs, **state)
    return result


@pytest.fixture(scope="module")
def figure():
    return Saturation(**SMALL)


@pytest.fixture(scope="module")
def book():
    """The first epochs at the sliders' defaults: 1,000 images."""
    return result_after(1)


def test_it_has_no_training_of_its_own():
    assert Saturation.compute is tail_off.compute and Saturation.progress is tail_off.progress
    source = Path(saturation.__file__).read_text()
    assert not re.search(r"\btrain\(|sgd_step|Network\(|nn_core", source)
    assert saturation.EPOCHS == tail_off.EPOCHS


def test_its_controls_are_those_of_the_tail_off_that_act_on_the_training():
    assert [c.name for c in Saturation.controls] == ["eta", "lmbda", "m", "n_train", "hidden",
                                                     "fan_in"]  # fmt: skip
    assert set(Saturation.controls) < set(TailOff.controls)


def test_all_that_is_followed_is_that_of_a_loop_by_hand(figure):
    found, wanted = series(figure.result), by_hand(3, **SMALL)
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name][: len(values)], values, rtol=1e-9, err_msg=name)
        of_epochs = name in ("ledger", "step")
        assert len(found[name]) == saturation.EPOCHS + (not of_epochs)


def check_sentence(result, number_in):
    sentence, s = describe(result), series(result)
    said = SENTENCE.fullmatch(sentence)
    assert said, sentence
    assert_presentable(sentence, tabulate(result))
    (saturated, by_ledger, ledger, by_step, one_step, z, random, off, answer, epochs, word,
     z_last, random_last, far) = said.groups()  # fmt: skip
    assert (by_ledger == "yes") == (s["ledger"][0] > 0.9)
    assert (by_step == "yes") == (s["step"][0] > 0.9)
    assert int(epochs) == result.epochs and (word == "epoch") == (result.epochs == 1)
    numbers = map(number_in, (saturated, ledger, one_step, z, random, answer, z_last, random_last))
    wanted = [s["saturated"][0], s["ledger"][0], s["step"][0], s["z"][0], s["random"][0],
              s["answer"][0], s["z"][-1], s["random"][-1]]  # fmt: skip
    assert list(numbers) == pytest.approx(wanted, rel=0.06)
    assert number_in(far) == pytest.approx(s["random"][-1] / s["z"][-1], rel=0.06)
    larger, smaller = max(s["z"][0], s["random"][0]), min(s["z"][0], s["random"][0])
    assert number_in(off) == pytest.approx(larger / smaller - 1, rel=0.06) and number_in(off) < 1


def test_the_sentence_says_the_numbers(figure, number_in):
    check_sentence(figure.result, number_in)


ENDS = [
    {"eta": eta, "lmbda": lmbda, "m": m, "hidden": hidden, "fan_in": fan_in, "n_train": 100}
    for eta, lmbda, m, (hidden, fan_in) in itertools.product(
        (STOPS["eta"][0], STOPS["eta"][-1]),
        (STOPS["lmbda"][0], STOPS["lmbda"][1], 99.0, STOPS["lmbda"][-1]),
        (STOPS["m"][0], STOPS["m"][-1]),
        ((STOPS["hidden"][0], "784"), (STOPS["hidden"][-1], "49")),
    )
    if eta * lmbda < 200
] + [{"n_train": STOPS["n_train"][-1], "m": 100, "hidden": 5}]


@pytest.mark.parametrize("state", ENDS, ids=lambda state: "-".join(map(str, state.values())))
def test_the_sentence_at_the_ends_of_the_sliders(state, number_in):
    before, *trained = stages(Saturation, 2, **state)
    assert describe(before) == ("Nothing is trained yet. Press Play, or Step for a single epoch.")
    assert_presentable(describe(before), tabulate(before))
    for result in trained:
        check_sentence(result, number_in)


@pytest.mark.parametrize(
    "state", [{"lmbda": 500.0}, {"eta": 2.0, "m": 1}, {"eta": 2.0, "lmbda": 0.0}], ids=str
)
def test_the_sentence_at_the_end_of_a_long_run(state, number_in):
    figure = Saturation(n_train=100, hidden=5, **state)
    assert figure.result.epochs == saturation.EPOCHS
    check_sentence(figure.result, number_in)


@pytest.mark.parametrize(
    "share, word", [(0, "no"), (0.5, "no"), (0.89, "no"), (0.91, "yes"), (1, "yes")]
)
def test_negligible_is_what_leaves_decay_nine_tenths(share, word):
    assert saturation._verdict(share).startswith(f"{word} (decay has ")
    with_data = SimpleNamespace(decay_step=share, data_step=1 - share)
    assert saturation._step_share(with_data) == pytest.approx(share)


def test_what_the_notebook_concludes_is_so(book):
    """Two thirds saturated; negligible by the ledger and not by the step; z within 10 %."""
    s = series(book)
    assert s["saturated"][0] == pytest.approx(2 / 3, abs=0.03)
    assert s["ledger"][0] > 0.9 and s["step"][0] < 0.5
    assert s["random"][0] == pytest.approx(s["z"][0], rel=0.1)
    assert s["answer"][0] > 10 * s["z"][0]


def test_the_table_says_the_numbers(figure, number_in):
    s, numbers = series(figure.result), figure.numbers
    for epoch in (0, 10, 20, 30, 60, 120):
        for what, name, index in [("saturated", "saturated", epoch), ("z, measured", "z", epoch),
                                  ("z, random signs", "random", epoch)]:  # fmt: skip
            text = numbers.pop(f"after epoch {epoch}: {what}")
            assert number_in(text) == pytest.approx(s[name][index], rel=0.06)
        for ruler in ("ledger", "step") if epoch else ():
            text = numbers.pop(f"epoch {epoch}: decay's share, {ruler}")
            assert number_in(text) == pytest.approx(s[ruler][epoch - 1], rel=0.06)
    assert numbers == {}


def test_the_table_has_no_epochs_that_are_not_trained():
    for epochs, wanted in [(0, {0}), (9, {0}), (10, {0, 10})]:
        rows = tabulate(result_after(epochs, n_train=100, hidden=5, m=100))
        assert {int(re.search(r"epoch (\d+):", what)[1]) for what, _ in rows} == wanted


def test_curves_show_the_numbers_where_they_belong(figure):
    for name, values in series(figure.result).items():
        xs, ys = drawn(figure).lines[name].get_data()
        np.testing.assert_array_equal(ys, values)
        start = 1 if name in ("ledger", "step") else 0  # the first epoch's share stands at epoch 1
        assert list(xs) == list(range(start, saturation.EPOCHS + 1))


def test_the_csv_holds_the_curves(figure):
    table = list(csv.DictReader(io.StringIO(figure.csv())))
    assert [int(line["epoch"]) for line in table] == list(range(saturation.EPOCHS + 1))
    s = series(figure.result)
    for name in ("saturated", "z", "random", "answer"):
        assert [float(line[name]) for line in table] == [float(value) for value in s[name]]


def test_the_csv_has_each_epochs_shares_in_its_row(figure):
    s = series(figure.result)
    for name in ("ledger", "step"):
        column = dict(zip(columns(figure.result)["epoch"], columns(figure.result)[name]))
        assert column[1] == s[name][0] and column[saturation.EPOCHS] == s[name][-1]


def leaving(picture, result):
    """Draw a result; return the names of the curves that are not all in the picture."""
    picture.draw(result)
    out = set()
    for name, values in series(result).items():
        panel = picture.shares if name in ("saturated", "ledger", "step") else picture.width
        low, high = panel.moving.get_ylim()
        if not all(low <= value <= high for value in values):
            out.add(name)
    return out


def test_at_first_nothing_leaves_the_picture(figure, book):
    assert leaving(laid_out(Saturation.Picture), book) == set()
    assert leaving(laid_out(Saturation.Picture), figure.result) == set()


def test_nothing_leaves_the_picture_when_decay_is_strong():
    figure = Saturation(n_train=100, hidden=5, lmbda=500.0)
    assert leaving(drawn(figure), figure.result) == set()


def test_a_single_step_is_one_epoch():
    async def scenario():
        figure = Saturation(**SMALL)
        hear(figure, kind="restart")
        assert figure.sentence.startswith("Nothing is trained yet.")
        for words in ("After 1 epoch z is", "After 2 epochs z is"):
            await step(figure)
            assert words in figure.sentence
        assert figure._progress == [2, saturation.EPOCHS]

    assert in_browser(scenario) == []


def test_growing_decay_is_refused_in_words():
    figure = Saturation(n_train=100, hidden=5)
    with pytest.raises(DivergenceError):
        figure.set(eta=2.0, lmbda=500.0)
    assert "must be below 2" in figure.message and figure.sentence.startswith("Nothing is trained")


def test_alt_text_and_the_preset_of_the_notebook(figure):
    data, _ = figure._repr_mimebundle_()
    assert figure.sentence in json.dumps(data, ensure_ascii=False)
    twin = Saturation(n_train=100, hidden=5)
    twin.apply("saturation eta=0.1 lmbda=5 m=10 n_train=100 hidden=30 fan_in=49")
    assert twin.result.fan_in == 49 and twin.message == ""
