"""Computes a figure's run in the background of an event loop, so that sliders stay alive."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

from explorers.figure import CHANGING, Figure
from explorers.run import Phase, Run

IN_BROWSER = sys.platform == "emscripten"  # Python itself: no threads there, and slower
REDRAW = 0.1  # seconds between two pictures of a run that is under way
SLOW = 1 / 6  # seconds that an epoch takes at least, played slowly: sixty are ten seconds

_busy: set[asyncio.Task] = set()


def busy() -> int:
    """Return how many figures are being computed in the background now."""
    return len(_busy)


class Worker:
    """Pulls one figure's run for as long as it is to go on, whichever run that is by then."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._task: asyncio.Task | None = None
        self._news = asyncio.Event()  # that a waiting epoch may have to be cut short
        self.plays_slowly = True

    def see_to_it(self) -> None:
        """Begin to pull, if there is something to be pulled and nobody does it in this thread."""
        if self._is_at_it_here():
            self._news.set()
        elif self._figure.run.phase.is_running:
            self._news = asyncio.Event()
            self._task = task = asyncio.get_running_loop().create_task(self._work())
            _busy.add(task)
            task.add_done_callback(_end)

    def _is_at_it_here(self) -> bool:
        # A task in another thread may be held up there by a long cell.
        task, here = self._task, asyncio.get_running_loop()
        return task is not None and not task.done() and task.get_loop() is here

    async def _work(self) -> None:
        figure = self._figure
        try:
            await self._pull_and_show()
        except Exception:
            with CHANGING, figure.reported():
                figure.run.go(Phase.BROKEN)
                raise

    async def _pull_and_show(self) -> None:
        figure, shown, me = self._figure, perf_counter(), asyncio.current_task()
        while figure.run.phase.is_running and self._task is me:
            run, begun = figure.run, perf_counter()
            try:
                await _in_thread(run.pull)
            except Exception:
                with CHANGING:
                    if run is figure.run:
                        figure.show()
                        raise
            with CHANGING:
                if run is not figure.run:
                    continue  # a newer move has dropped this run
                # A pause may have come while the result was on its way: show what it brought.
                is_due = self._is_slow(run) or perf_counter() - shown > REDRAW
                if not run.phase.is_running or is_due:
                    figure.show()
                    shown = perf_counter()
            await self._take_time(run, begun)

    def _is_slow(self, run: Run) -> bool:
        return self.plays_slowly and run is self._figure.run and run.phase is Phase.PLAYING

    async def _take_time(self, run: Run, begun: float) -> None:
        """Let a slow epoch last, for as long as nobody wants anything else."""
        news = self._news
        while self._is_slow(run) and (left := begun + SLOW - perf_counter()) > 0:
            news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), left)


def _end(task: asyncio.Task) -> None:
    """Forget a task, and hand its error to the event loop: in a task it would be silent."""
    _busy.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error


async def _in_thread(function: Callable[[], None]) -> None:
    if IN_BROWSER:
        await asyncio.sleep(0)
        function()
    else:
        await asyncio.to_thread(function)
