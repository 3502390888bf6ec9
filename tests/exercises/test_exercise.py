"""The frame of an exercise: hints, solution, and a check that no answer can bring down."""

import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from exercises import exercise
from exercises.exercise import OPEN, Exercise, Wrong, as_number, ask


def judge(answer):
    if as_number(ask(answer, 20), "what your function returns") != 21:
        raise Wrong("One more than it is given is asked for.")
    return "And well said."


PLUS_ONE = Exercise("Write a function that adds 1.", ("gentle", "clearer", "nearly there"),
                    "def plus_one(x):\n    return x + 1", judge)  # fmt: skip


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(exercise, "SECONDS", 0.15)


def endless(x):
    while True:
        x += 1


def endless_and_deaf(x):
    while True:
        try:
            while True:
                x += 1
        except Exception:
            pass


def asleep(x):
    time.sleep(60)


def test_a_right_answer_is_praised():
    assert PLUS_ONE.verdict(lambda x: x + 1) == "Right. And well said."


def test_a_wrong_one_is_told_what_to_look_at():
    assert PLUS_ONE.verdict(lambda x: x) == "Not yet. One more than it is given is asked for."


@pytest.mark.parametrize("answer", [lambda x: x + 1, lambda x: x, None, endless])
def test_check_returns_a_card_with_the_verdict_and_prints_nothing(hurried, capsys, answer):
    card = PLUS_ONE.check(answer)
    assert card.verdict == repr(card) == PLUS_ONE.verdict(answer)
    assert card.is_right == card.verdict.startswith("Right.")
    assert card.is_open == card.verdict.startswith(OPEN)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "NoneType"),
        ("x + 1", "str"),
        (lambda: 21, "argument"),
        (lambda x, y: 21, "argument"),
        (lambda x: x / 0, "ZeroDivisionError"),
        (lambda x: undefined, "undefined"),  # noqa: F821
        (lambda x: None, "missing"),
        (lambda x: ..., "missing"),
        (lambda x: "twenty-one", "number"),
        (lambda x: [21, 21], "number"),
        (lambda x: 21 + 1j, "number"),
        (lambda x: float("nan"), "One more"),
        (lambda x: 10**400, "OverflowError"),
        (lambda x: x.real.y, "AttributeError"),
    ],
)
def test_whatever_is_handed_in_gets_words(answer, words):
    verdict = PLUS_ONE.verdict(answer)
    assert verdict.startswith(OPEN if words == "missing" else "Not yet.") and words in verdict
    assert verdict.count("\n") == 0


def deep(x):
    return deep(x)


@pytest.mark.parametrize("error", [SystemExit, Wrong])
def test_an_answer_that_wants_out_gets_words_too(error):
    def answer(x):
        raise error("bye")

    assert PLUS_ONE.verdict(answer).startswith("Not yet.")


def test_endless_recursion_gets_words():
    assert "RecursionError" in PLUS_ONE.verdict(deep)


def test_an_interrupt_by_the_reader_goes_through():
    def answer(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        PLUS_ONE.verdict(answer)


@pytest.mark.parametrize("answer", [endless, asleep])
def test_an_endless_answer_is_stopped(hurried, answer):
    start = time.perf_counter()
    verdict = PLUS_ONE.verdict(answer)
    assert time.perf_counter() - start < 1.5
    assert verdict.startswith("Not yet.") and "seconds" in verdict


def test_an_endless_answer_that_catches_everything_is_stopped():
    """In a process of its own, since it would take the tests with it."""
    code = textwrap.dedent("""
        from exercises import exercise
        exercise.SECONDS = 0.15
        def answer(x):
            while True:
                try:
                    while True:
                        x += 1
                except Exception:
                    pass
        one = exercise.Exercise("?", ("!",), "", lambda answer: str(exercise.ask(answer, 1)))
        print(one.verdict(answer))
    """)
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              timeout=4, check=True)  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.fail("the answer was never stopped")
    assert done.stdout.startswith("Not yet.")


def test_without_alarms_an_endless_answer_is_stopped_by_tracing(hurried, monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    before = sys.gettrace()
    start = time.perf_counter()
    assert "seconds" in PLUS_ONE.verdict(endless)
    assert time.perf_counter() - start < 1.5
    assert sys.gettrace() is before


def test_in_a_thread_an_endless_answer_is_stopped_too(hurried):
    verdicts = []
    thread = threading.Thread(target=lambda: verdicts.append(PLUS_ONE.verdict(endless)))
    thread.start()
    thread.join(3)
    assert not thread.is_alive() and "seconds" in verdicts[0]


def test_right_answers_pass_in_both_ways(monkeypatch):
    assert PLUS_ONE.verdict(lambda x: x + 1).startswith("Right.")
    monkeypatch.delattr(signal, "setitimer")
    before = sys.gettrace()
    assert PLUS_ONE.verdict(lambda x: x + 1).startswith("Right.")
    assert sys.gettrace() is before
    assert PLUS_ONE.verdict(lambda x: x).startswith("Not yet. One more")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarms on this system")
@pytest.mark.parametrize("answer", [lambda x: x + 1, lambda x: 1 / 0, endless])
def test_no_alarm_is_left_behind(hurried, answer):
    def mine(*_):
        raise AssertionError("rang")

    before = signal.signal(signal.SIGALRM, mine)
    try:
        PLUS_ONE.verdict(answer)
        assert signal.getsignal(signal.SIGALRM) is mine
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    finally:
        signal.signal(signal.SIGALRM, before)


def test_repr_is_the_question():
    assert repr(PLUS_ONE) == PLUS_ONE.question


@pytest.mark.parametrize("value, number", [(3, 3.0), (0.5, 0.5), (True, 1.0)])
def test_as_number(value, number):
    assert as_number(value, "it") == number


@pytest.mark.parametrize("text", ["many", "3", "", "0.5"])
def test_as_number_refuses_texts_even_if_they_hold_a_number(text):
    with pytest.raises(Wrong, match="without quotes") as refusal:
        as_number(text, "the number of epochs")
    assert repr(text) in str(refusal.value) and "The number of epochs" in str(refusal.value)


@pytest.mark.parametrize("value", [[1, 2], {}, 1j, object])
def test_as_number_says_what_it_got(value):
    with pytest.raises(Wrong, match=type(value).__name__):
        as_number(value, "the number of epochs")


def test_a_long_value_is_told_by_its_kind():
    with pytest.raises(Wrong, match=r"^The sum should be a number, but is of type list\.$"):
        as_number(list(range(100)), "the sum")
