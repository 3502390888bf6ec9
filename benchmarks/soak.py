"""An hour of moving sliders: whether a kernel with four figures is as quick and as small after it.

    python -m benchmarks.soak                  as many moves as a hand makes in an hour
    python -m benchmarks.soak --moves 1000     fewer

Starts a kernel, shows four figures in it, two of which train, and speaks to them as a page does:
a slider is moved on each of the four at once, and when all have answered, the next. Now and then it
plays, pauses, steps or begins anew, turns to the projector or asks for another width. It prints, by
tenths of the way, how long an answer takes and how much memory the kernel has; in the end, what is
still being computed. The moves are drawn with a seed.
"""

import argparse
import asyncio
import random
import statistics
import uuid
from time import perf_counter

import psutil
from jupyter_client.manager import start_new_async_kernel

MOVES = 3600  # of each figure: one a second
PATIENCE = 120  # s for any one answer
# What moves, and the state in which each begins: a run of theirs is short.
FIGURES = {"Penalty": {}, "SplitNeuron": {}, "DecayRate": {"n_train": 100},
           "Playground": {"n_train": 100, "m": 30, "hidden": 5}}  # fmt: skip
STAYS = ("n_train", "hidden", "second", "epochs", "m")  # what makes a run long
OTHERWISE = ({"kind": "play"}, {"kind": "pause"}, {"kind": "step"}, {"kind": "restart"},
             {"kind": "defaults"}, {"kind": "projector", "on": True},
             {"kind": "projector", "on": False}, {"kind": "width", "width": 300},
             {"kind": "width", "width": 540})  # fmt: skip
SHOW = "from explorers import {0}\n{0}(**{1})"
LEFT = (
    "import asyncio, gc; from explorers import worker; gc.collect(); "
    "print(worker.busy(), len(asyncio.all_tasks()))"
)


class Kernel:
    """A kernel, and what its figures have said: the state of each widget, by its id."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client
        self.states, self.printed = {}, {}
        self.changed = asyncio.Condition()
        self.listening = asyncio.create_task(self._listen())

    async def _listen(self):
        while True:
            message = await self.client.get_iopub_msg()
            content = message["content"]
            async with self.changed:
                if message["msg_type"] in ("comm_open", "comm_msg"):
                    state = content["data"].get("state", {})
                    self.states.setdefault(content["comm_id"], {}).update(state)
                elif message["msg_type"] == "stream":
                    parent = message["parent_header"].get("msg_id")
                    self.printed[parent] = self.printed.get(parent, "") + content["text"]
                self.changed.notify_all()

    async def until(self, happened):
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(happened)

    async def run(self, code):
        """Run a cell; return what it has printed."""
        self.client.allow_stdin = False
        message = self.client.execute(code)
        reply = await self.client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != message:
            reply = await self.client.get_shell_msg(timeout=PATIENCE)
        assert reply["content"]["status"] == "ok", reply["content"]
        await asyncio.sleep(0.2)
        return self.printed.get(message, "")

    async def show(self, name, state):
        """Show a figure; return the id of its widget."""
        before = set(self.states)
        await self.run(SHOW.format(name, state))

        def new():
            return [m for m, s in self.states.items() if m not in before and "_spec" in s]

        await self.until(new)
        return new()[0]

    def send(self, model, content):
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": model, "data": data})
        message["header"]["msg_id"] = uuid.uuid4().hex
        self.client.shell_channel.send(message)

    @property
    def megabytes(self):
        return psutil.Process(self.manager.provisioner.pid).memory_info().rss / 1e6


class Figure:
    """One of them, as a page has it."""

    def __init__(self, kernel, model, rng):
        self.kernel, self.model, self.rng, self.wish = kernel, model, rng, 0
        self.controls = [
            (control["name"], len(control["stops"]))
            for control in kernel.states[model]["_spec"]["controls"]
            if control["name"] not in STAYS
        ]

    def wished(self):
        """Return what is asked for next: mostly, that a slider be moved."""
        if self.rng.random() < 0.05:
            return dict(self.rng.choice(OTHERWISE))
        name, stops = self.rng.choice(self.controls)
        return {"kind": "move", "values": {name: self.rng.randrange(stops)}}

    async def answer(self):
        """Ask, and return how long the answer took, in ms."""
        self.wish += 1
        begun = perf_counter()
        self.kernel.send(self.model, self.wished() | {"wish": self.wish})
        await self.kernel.until(lambda: self._shown["answered"] >= self.wish)
        assert not self._shown["message"], self._shown["message"]
        return 1000 * (perf_counter() - begun)

    @property
    def _shown(self):
        return self.kernel.states[self.model]["_shown"]


async def soak(moves, seed):
    manager, client = await start_new_async_kernel()
    kernel = Kernel(manager, client)
    try:
        models = [await kernel.show(name, state) for name, state in FIGURES.items()]
        figures = [
            Figure(kernel, model, random.Random(f"{seed}-{number}"))
            for number, model in enumerate(models)
        ]
        before = (await kernel.run(LEFT)).split()[1]
        print("  moves   median      p95   memory", flush=True)
        for part in range(10):
            latencies = []
            for _ in range(moves // 10):
                latencies += await asyncio.gather(*(figure.answer() for figure in figures))
            done, usual = (part + 1) * len(latencies), statistics.median(latencies)
            slow = statistics.quantiles(latencies, n=20)[-1]
            print(
                f"{done:7,} {usual:5.0f} ms {slow:5.0f} ms {kernel.megabytes:5.0f} MB", flush=True
            )
        for figure in figures:
            kernel.send(figure.model, {"kind": "pause"})
        await asyncio.sleep(2)
        busy, tasks = (await kernel.run(LEFT)).split()
        print(f"In the end {busy} figures are computed; tasks: {before} before, {tasks} now.")
    finally:
        kernel.listening.cancel()
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--moves", type=int, default=MOVES, help="of each figure (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.moves} moves on each of {', '.join(FIGURES)}")
    asyncio.run(soak(options.moves, options.seed))


if __name__ == "__main__":
    main()
