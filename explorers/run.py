"""One computation, pulled result by result: it can be let go, paused, stepped and finished."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from threading import Lock
from typing import Any

from nn_core.threads import one_blas_thread


class Phase(Enum):
    """Where a run stands."""

    READY = "ready"  # its first result is there, and it waits for Play or Step
    COMPUTING = "computing"  # set off by a change, it goes to its end: who asks for results waits
    PLAYING = "playing"  # the reader lets it go on
    STEPPING = "stepping"  # ... or wants one result more
    PAUSED = "paused"
    FINISHED = "finished"  # there is no more to compute
    BROKEN = "broken"  # an error has ended it

    @property
    def is_running(self) -> bool:
        return self in (Phase.COMPUTING, Phase.PLAYING, Phase.STEPPING)

    @property
    def is_over(self) -> bool:
        return self in (Phase.FINISHED, Phase.BROKEN)

    @property
    def is_the_readers(self) -> bool:
        """Whether the reader has started it: then sliders may act in mid-run.

        A run that a drag has set off belongs to the place where the drag ends.
        """
        return self in (Phase.PLAYING, Phase.STEPPING, Phase.PAUSED)


class Run:
    """The results of one `compute`, pulled one at a time, from whichever thread.

    The first result is there when a Run has been made; an error in it is raised from here.
    `current` is what `compute` reads its settings for the next epoch from. After a result that
    `is_last`, the end is taken along: else a run stepped to its end, or paused there, would wait
    for one pull more, in which nothing happens.
    """

    def __init__(
        self, results: Iterable, current: Any, is_last: Callable[[Any], bool] = lambda result: False
    ) -> None:
        self._results, self.current, self._is_last = iter(results), current, is_last
        self._turn, self._changing = Lock(), Lock()
        self.phase = Phase.READY
        self.result: Any = None
        self.pull()

    def pull(self) -> None:
        """Take the next result, if there is one; otherwise the run is over."""
        with self._turn, one_blas_thread():
            if self.phase.is_over:
                return
            try:
                self.result = next(self._results)
                while self._is_last(self.result):
                    self.result = next(self._results)
            except StopIteration:
                self.go(Phase.FINISHED)
            except BaseException:
                self.go(Phase.BROKEN)
                raise
            else:
                with self._changing:
                    if self.phase is Phase.STEPPING:
                        self.phase = Phase.PAUSED

    def go(self, phase: Phase) -> None:
        """Take up a phase; a run that is over stays so, and one that has not begun can't pause."""
        with self._changing:
            pauses_in_vain = phase is Phase.PAUSED and not self.phase.is_running
            if not self.phase.is_over and not pauses_in_vain:
                self.phase = phase

    def step(self) -> None:
        """Take one result more, at once."""
        self.go(Phase.STEPPING)
        self.pull()

    def finish(self) -> None:
        """Take what is left."""
        while not self.phase.is_over:
            self.pull()


def grown(result: Any, **newest: Any) -> Any:
    """Return a result, a dataclass, with one more entry at the end of each of these series."""
    return replace(result, **{name: (*getattr(result, name), v) for name, v in newest.items()})
