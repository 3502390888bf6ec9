"""A run by itself: which phase follows which, and what a pull brings."""

import itertools

import pytest

from explorers.run import Phase, Run


def counting(to=3, breaks_at=None):
    for number in range(to):
        if number == breaks_at:
            raise ArithmeticError("broke")
        yield number


def test_without_a_first_result_there_is_no_run():
    with pytest.raises(ArithmeticError):
        Run(counting(breaks_at=0), None)


@pytest.mark.parametrize("results", [(0, 1, 2), (None, None, 2)])
def test_finish_takes_all_and_stays_there(results):
    run = Run(results, None)
    for _ in range(2):
        run.finish()
        run.pull()
        assert run.result == 2 and run.phase is Phase.FINISHED


def test_the_first_result_is_there_and_steps_pause_after_each():
    run = Run(counting(), None)
    assert run.result == 0 and run.phase is Phase.READY
    for result in (1, 2):
        run.step()
        assert run.result == result and run.phase is Phase.PAUSED
    run.step()
    assert run.result == 2 and run.phase is Phase.FINISHED


@pytest.mark.parametrize("phase", [Phase.STEPPING, Phase.PAUSED, Phase.PLAYING])
def test_what_is_the_last_takes_the_end_along(phase):
    run = Run(counting(), None, lambda result: result == 2)
    run.pull()
    assert run.phase is Phase.READY
    run.go(Phase.PLAYING)
    run.go(phase)
    run.pull()
    assert run.result == 2 and run.phase is Phase.FINISHED


def test_an_error_ends_it_and_leaves_what_was_there():
    run = Run(counting(breaks_at=2), None)
    run.go(Phase.PLAYING)
    run.pull()
    with pytest.raises(ArithmeticError):
        run.pull()
    assert run.phase is Phase.BROKEN and run.result == 1
    run.pull()
    assert run.phase is Phase.BROKEN


@pytest.mark.parametrize("phase", [Phase.COMPUTING, Phase.PLAYING])
def test_a_pull_goes_on_only_a_step_pauses(phase):
    run = Run(counting(), None)
    run.go(phase)
    run.pull()
    assert run.phase is phase


def test_nothing_leads_out_of_the_end_and_no_pause_comes_before_the_beginning():
    for ended, phase in itertools.product([Phase.FINISHED, Phase.BROKEN], Phase):
        run = Run(counting(), None)
        run.go(ended)
        run.go(phase)
        assert run.phase is ended
    run = Run(counting(), None)
    run.go(Phase.PAUSED)
    assert run.phase is Phase.READY


def test_every_phase_is_one_of_waiting_running_and_over():
    for phase in Phase:
        waiting = phase in (Phase.READY, Phase.PAUSED)
        assert waiting + phase.is_running + phase.is_over == 1
        assert not (phase.is_the_readers and phase.is_over)
