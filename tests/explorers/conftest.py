import inspect

import pytest
from page import in_browser
from small import Fake, Gates


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
