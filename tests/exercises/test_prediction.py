"""Predict, then see: nothing of the result is known before a guess or the wish to see it."""

import contextlib
import json

import pytest

from exercises.prediction import Choice, Guess

OPTIONS = ["it grows", "it shrinks", "it stays"]
RESULT = "Measured: 0.951 an epoch."


@pytest.fixture
def choice():
    return Choice("What will happen?", OPTIONS, RESULT, right="it shrinks")


@pytest.fixture
def guess():
    return Guess("How many epochs?", RESULT, value=66.64, close=7, unit="epochs")


def hear(prediction, **content):
    prediction._hear(prediction, content, [])


def told(prediction):
    """All that is sent to the browser, which a curious reader can look at."""
    machinery = ("_esm", "_css", "_model", "_view", "_anywidget")
    state = prediction.get_state()
    return json.dumps({key: state[key] for key in state if not key.startswith(machinery)})


def test_nothing_of_the_result_leaves_the_kernel_before_a_guess(choice, guess):
    for one in (choice, guess):
        assert one.outcome == "" and one.guess == ""
        assert "0.951" not in told(one) and "66.6" not in told(one)
        assert "0.951" not in repr(one)
        data, _ = one._repr_mimebundle_()
        assert "0.951" not in json.dumps(data) and one.question in data["text/plain"]
        assert "application/vnd.jupyter.widget-view+json" in data
    assert "_right" not in choice.get_state()


def test_a_right_choice(choice):
    choice.commit("it shrinks")
    assert choice.guess == "it shrinks"
    assert "it shrinks" in choice.outcome and RESULT in choice.outcome
    assert choice.verdict == "right"


def test_a_wrong_choice_is_told_apart_without_reproach(choice):
    choice.commit("it grows")
    assert "it grows" in choice.outcome and RESULT in choice.outcome
    assert choice.verdict == "wrong"
    assert not any(word in choice.outcome for word in ("wrong", "Wrong", "sorry"))


@pytest.mark.parametrize("first", ["commit", "show"])
def test_once_the_result_stands_nothing_is_predicted_any_more(choice, guess, first):
    for one, word in ((choice, "it shrinks"), (guess, "60")):
        one.show() if first == "show" else one.commit(word)
        outcome, committed = one.outcome, one.guess
        with pytest.raises(ValueError, match="stands there already"):
            one.commit("it grows" if one is choice else "66.6")
        hear(one, kind="commit", guess="it grows" if one is choice else "66.6")
        assert "stands there already" in one.message
        assert (one.outcome, one.guess) == (outcome, committed)


def test_no_choice_is_asked_for_kindly(choice):
    hear(choice, kind="commit", guess="")
    assert choice.message and choice.outcome == "" and choice.guess == ""
    hear(choice, kind="commit", guess="it stays")
    assert choice.message == "" and RESULT in choice.outcome


@pytest.mark.parametrize("guess", ["", None, "it explodes", 1])
def test_other_choices_are_refused(choice, guess):
    with pytest.raises(ValueError, match="Choose"):
        choice.commit(guess)
    assert choice.outcome == ""


def test_right_must_be_among_the_options():
    with pytest.raises(ValueError, match="'perhaps'"):
        Choice("?", OPTIONS, RESULT, right="perhaps")


def test_show_needs_no_guess(choice, guess):
    for one, outcome in ((choice, RESULT), (guess, f"It is 66.6 epochs. {RESULT}")):
        hear(one, kind="show")
        assert one.outcome == outcome and one.guess == "" and one.message == ""


def test_the_result_may_be_computed_when_it_is_wanted():
    calls = []

    def result():
        calls.append(1)
        return RESULT

    choice = Choice("?", OPTIONS, result, right="it stays")
    assert calls == []
    choice.commit("it stays")
    assert calls == [1] and RESULT in choice.outcome


@pytest.mark.parametrize(
    "number, verdict", [(59.65, "right"), (73.6, "right"), (59.6, "wrong"), (73.7, "wrong")]
)
def test_a_number_that_is_close_is_right_and_how_close_is_said(guess, number, verdict):
    guess.commit(number)
    assert guess.verdict == verdict and "7 epochs off" in guess.outcome


class Pictured:
    """A figure, as far as a prediction knows one."""

    covers = ()
    shows = 0

    def show(self):
        self.shows += 1

    @property
    def is_covered(self):
        return any(question.is_open for question in self.covers)


@pytest.mark.parametrize("way", ["commit", "show"])
def test_a_figure_is_covered_until_each_of_its_questions_is_answered(choice, guess, way):
    figure = choice.covers(guess.covers(Pictured()))
    for one, word in ((choice, "it grows"), (guess, "60")):
        assert figure.is_covered
        one.show() if way == "show" else one.commit(word)
    assert not figure.is_covered and figure.shows == 2


def test_who_guesses_again_covers_it_again(choice):
    figure = choice.covers(Pictured())
    choice.commit("it grows")
    hear(choice, kind="again")
    assert (choice.guess, choice.outcome, choice.verdict) == ("", "", "")
    assert figure.is_covered and figure.shows == 2
    choice.commit("it shrinks")
    assert choice.verdict == "right" and not figure.is_covered


def test_a_question_that_is_asked_once_more_covers_what_it_did(choice):
    figure = choice.covers(Pictured())
    anew = Choice("What will happen?", OPTIONS, RESULT, right="it shrinks")
    assert figure.is_covered
    anew.commit("it grows")
    assert not figure.is_covered and figure.shows == 1


@pytest.mark.parametrize("text", ["60", " 60 ", "60.0", "6e1", 60, 60.0])
def test_a_guessed_number_stands_beside_the_measured_one(guess, text):
    guess.commit(text)
    assert guess.guess == "60"
    assert "60 epochs" in guess.outcome and "66.6" in guess.outcome and RESULT in guess.outcome


@pytest.mark.parametrize("text", ["", "many", "1 2", None, "sixty", "--1", True])
def test_what_is_no_number_is_refused_in_words(guess, text):
    hear(guess, kind="commit", guess=text)
    assert "number" in guess.message and f"“{text}”" in guess.message
    assert guess.outcome == "" and guess.guess == ""


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999"])
def test_what_is_not_finite_is_no_guess(guess, text):
    with pytest.raises(ValueError, match="number"):
        guess.commit(text)


def test_a_comma_is_a_decimal_point_or_refused_but_never_lost(guess):
    guess.commit("0,5")
    assert guess.guess == "0.5"


@pytest.mark.parametrize("text", ["1,000", "50,000"])
def test_thousands_as_these_notebooks_write_them_are_thousands(guess, text):
    """Or refused; only 1 or 50 they are not."""
    try:
        guess.commit(text)
    except ValueError:
        assert guess.outcome == ""
    else:
        assert float(guess.guess.replace(",", "")) == float(text.replace(",", ""))


def test_large_numbers_have_no_exponent():
    guess = Guess("How many weights?", "", value=23820, close=1000)
    guess.commit("20000")
    assert "e+" not in guess.outcome and "20000" in guess.outcome.replace(",", "")


def test_the_measured_value_may_be_computed_when_it_is_wanted():
    guess = Guess("?", lambda: "so", value=lambda: 0.12345, close=0.1)
    guess.commit("1")
    assert "0.123" in guess.outcome


def test_without_a_unit_no_space_hangs_about():
    guess = Guess("?", "So.", value=2.0, close=0.5)
    guess.commit("1")
    assert "1 (0.5 off" in guess.outcome and "  " not in guess.outcome


def test_an_error_in_the_result_is_told_and_raised():
    def result():
        raise ArithmeticError("no data")

    choice = Choice("?", OPTIONS, result, right="it stays")
    with pytest.raises(ArithmeticError):
        hear(choice, kind="commit", guess="it stays")
    assert "no data" in choice.message and choice.outcome == ""


def test_a_guess_after_the_result_is_no_prediction(choice):
    hear(choice, kind="show")
    hear(choice, kind="commit", guess="it shrinks")
    assert "You said" not in choice.outcome and choice.guess == ""


def test_a_message_that_is_none_of_ours_reveals_nothing(choice):
    with contextlib.suppress(ValueError, KeyError):
        hear(choice, kind="dance")
    assert choice.outcome == ""


def test_repr_lists_the_options(choice, guess):
    assert all(option in repr(choice) for option in OPTIONS)
    assert repr(guess) == "How many epochs?"


def test_what_is_stored_of_a_choice_asks_and_answers_without_python(choice):
    assert json.loads(json.dumps(choice.stored())) == {
        "question": "What will happen?",
        "options": OPTIONS,
        "unit": "",
        "measured": RESULT,
        "right": "it shrinks",
    }


def test_what_is_stored_of_a_guess_has_the_number_measured_now():
    guess = Guess("How many?", lambda: "Measured.", value=lambda: 66.64, close=7, unit="epochs")
    assert json.loads(json.dumps(guess.stored())) == {
        "question": "How many?",
        "options": [],
        "unit": "epochs",
        "measured": "Measured.",
        "value": 66.64,
        "close": 7,
    }


def test_storing_shows_nothing(choice, guess):
    for one in (choice, guess):
        one.stored()
        assert one.outcome == one.verdict == "" and "0.951" not in told(one)
