"""What holds for all tests."""

import gc

import pytest
from hypothesis import settings

# The same examples each time, so that a red test is the change's fault and not the day's. Others by
# --hypothesis-profile=default.
settings.register_profile("always the same", derandomize=True, deadline=None)
settings.load_profile("always the same")

# Much of what tests make is kept to the end, results above all. To look through all of it for what
# can go takes longer each time, and is done ten times less often than Python would. (To freeze what
# has been imported is not for tests: Hypothesis looks for those who refer to a generator.)
gc.set_threshold(700, 10, 100)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Let one test process more than there are cores take the turn of those that wait."""
    return (yield) + 1
