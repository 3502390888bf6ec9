"""What holds for all tests."""

from hypothesis import settings

# The same examples each time, so that a red test is the change's fault and not the day's. Others by
# --hypothesis-profile=default.
settings.register_profile("always the same", derandomize=True, deadline=None)
settings.load_profile("always the same")
