import inspect

import pytest
from page import in_browser
from small import Fake, Gates

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def _number_in(text):
    """Return the number that a text of `formats` shows: "1,230", "−0.5", "1.2·10⁻⁷", "3 %"."""
    text, percent, rest = text.partition(" %")
    assert not rest
    mantissa, times, power = text.replace(",", "").translate(_DIGITS).partition("·10")
    value = float(mantissa) * 10.0 ** (int(power) if times else 0)
    return value / 100 if percent else value


@pytest.fixture(scope="session")
def number_in():
    return _number_in


@pytest.fixture
def gates(monkeypatch):
    gates = Gates()
    monkeypatch.setattr(Fake, "gates", gates)
    yield gates
    gates.open()


@pytest.fixture
def raised():
    """The errors that come up in the background of a test: it says which ones should."""
    return []


def pytest_pyfunc_call(pyfuncitem):
    """Run a test that is a coroutine in an event loop, as in a kernel."""
    test, given = pyfuncitem.obj, pyfuncitem.funcargs
    if not inspect.iscoroutinefunction(test):
        return None
    arguments = {name: given[name] for name in inspect.signature(test).parameters}
    at_the_end = given["gates"].open if "gates" in given else lambda: None
    errors = in_browser(lambda: test(**arguments), at_the_end)
    assert list(map(repr, errors)) == list(map(repr, given.get("raised", [])))
    return True
