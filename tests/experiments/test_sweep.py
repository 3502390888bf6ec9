"""A sweep loses nothing, computes nothing twice, and finds the same wherever it is computed."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from experiments import scaling, store, sweep

DEADLINE = 60  # s after which what a test waits for isn't going to happen


@pytest.fixture(scope="module", autouse=True)
def sent_by_value():
    """pytest imports this file under a name that worker processes can't import."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@dataclass(frozen=True)
class Toy:
    """A run that takes no time, and leaves a line in `folder` each time it is begun."""

    name: str
    folder: str
    seed: int = 0
    work: int = 1
    waits: bool = False

    @property
    def path(self):
        return Path(self.folder) / "results.npz"


def toys(folder, names="abcdef", **parameters):
    return [Toy(name, str(folder), seed=ord(name), **parameters) for name in names]


def compute(run):
    begun(run)
    rng = np.random.default_rng(run.seed)
    return {"walk": rng.normal(size=20).cumsum(), "pid": np.array(os.getpid())}


def begun(run):
    with open(Path(run.folder) / "begun.txt", "a") as file:
        file.write(f"{run.name}\n")


def begun_in(folder):
    return Counter((Path(folder) / "begun.txt").read_text().split())


def walks(path):
    return {name: columns["walk"].tolist() for name, (_, columns) in store.read(path).items()}


def undisturbed(runs):
    return {run.name: np.random.default_rng(run.seed).normal(size=20).cumsum().tolist()
            for run in runs}  # fmt: skip


def wait_until(happened):
    latest = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < latest, "waited in vain"
        time.sleep(0.01)


def sequential_and_saved(runs):
    sweep.run_all(runs, compute, runs[0].path)
    return walks(runs[0].path)


# Nothing is computed twice.


def test_finished_runs_are_never_computed_again(tmp_path):
    runs = toys(tmp_path, "abc")
    assert sequential_and_saved(runs) == undisturbed(runs)
    before = runs[0].path.read_bytes()
    sequential_and_saved(runs)
    assert begun_in(tmp_path) == Counter("abc") and runs[0].path.read_bytes() == before
    more = [*runs, *toys(tmp_path, "d")]
    assert sequential_and_saved(more) == undisturbed(more)
    assert begun_in(tmp_path) == Counter("abcd")


def test_a_run_with_other_parameters_is_computed_and_takes_its_place(tmp_path):
    runs = toys(tmp_path, "abc")
    sequential_and_saved(runs)
    changed = [runs[0], replace(runs[1], seed=7), runs[2]]
    assert sweep.missing(changed, store.read(runs[0].path)) == [changed[1]]
    assert sequential_and_saved(changed) == undisturbed(changed)
    assert begun_in(tmp_path) == Counter("abbc")
    assert store.read(runs[0].path)["b"][0] == asdict(changed[1])


def test_what_others_have_left_in_the_file_stays_there(tmp_path):
    runs = toys(tmp_path, "abcd")
    sequential_and_saved(runs[:2])
    assert sequential_and_saved(runs[2:]) == undisturbed(runs)


def test_those_with_the_most_work_come_first(tmp_path):
    runs = [replace(run, work=work) for run, work in zip(toys(tmp_path, "abcd"), (2, 9, 1, 5))]
    sequential_and_saved(runs)
    assert list(begun_in(tmp_path)) == list("bdac")


def test_a_run_has_one_blas_thread(tmp_path):
    (run,) = toys(tmp_path, "a")
    with threadpool_limits(2, user_api="blas"):
        sweep.run_all([run], threads, run.path)
    ((_, columns),) = store.read(run.path).values()
    assert (columns["threads"] == 1).all()


def threads(run):
    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert pools
    return {"threads": np.array(pools)}


# Interrupted, killed, out of space. What has to be killed is a process of its own.


def started(job, folder):
    """Start this file's function `job` with `folder` in a process of its own."""
    file = Path(__file__)
    # What a shell starts in the background ignores Ctrl+C, and hands that down.
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"import sys; sys.path.insert(0, {str(file.parent)!r}); "
        f"from {file.stem} import {job.__name__} as job; job({str(folder)!r})"
    )
    with open(Path(folder) / "said.txt", "a") as said:
        return subprocess.Popen([sys.executable, "-c", script], stderr=said)


def ended(process, folder):
    """Wait for it; return its exit code and what it said."""
    try:
        process.wait(DEADLINE)
    finally:
        process.kill()
    return process.returncode, (Path(folder) / "said.txt").read_text()


def two_workers(folder):
    with joblib.parallel_config("loky", n_jobs=2):
        runs = toys(folder, "abc", work=2) + toys(folder, "def", waits=True)
        sweep.run_all(runs, partial(compute_when_open, os.getpid()), runs[0].path)


def compute_when_open(parent, run):
    """Compute; a run that waits does so until there is a file `open`, or dies with its parent."""
    results = compute(run)
    if run.waits:
        wait_until(lambda: (Path(run.folder) / "open").exists() or os.getppid() != parent)
        if os.getppid() != parent:
            os._exit(1)
    return results


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_sweep_killed_in_the_middle_goes_on_where_it_was(tmp_path, how):
    path = tmp_path / "results.npz"
    process = started(two_workers, tmp_path)
    wait_until(lambda: process.poll() is not None or len(store.read(path)) == 3)
    wait_until(lambda: process.poll() is not None or begun_in(tmp_path).total() == 5)  # both busy
    process.send_signal(how)
    code, said = ended(process, tmp_path)
    assert code in (-how, 1), said
    assert "KeyboardInterrupt" in said if how == signal.SIGINT else code == -how
    before = begun_in(tmp_path)
    assert set(store.read(path)) == set("abc")
    (tmp_path / "open").touch()
    two_workers(tmp_path)
    assert begun_in(tmp_path) - before == Counter("def")
    runs = toys(tmp_path)
    assert walks(path) == undisturbed(runs) == sequential_and_saved(toys(there(tmp_path)))


def first_half(folder):
    sweep.run_all(toys(folder, "abcd"), compute_together, Path(folder) / "results.npz")


def second_half(folder):
    sweep.run_all(toys(folder, "efgh"), compute_together, Path(folder) / "results.npz")


def compute_together(run):
    """Compute when both sweeps have begun, which have then both read the file."""
    results = compute(run)
    wait_until(lambda: {"a", "e"} <= set(begun_in(run.folder)))
    return results


def test_two_sweeps_that_write_one_file_at_once_lose_nothing(tmp_path):
    processes = [started(job, tmp_path) for job in (first_half, second_half)]
    for process in processes:
        code, said = ended(process, tmp_path)
        assert code == 0, said
    assert walks(tmp_path / "results.npz") == undisturbed(toys(tmp_path, "abcdefgh"))
    assert begun_in(tmp_path) == Counter("abcdefgh")


@pytest.mark.parametrize(
    "impossible", ["file/results.npz", "folder", "/proc/results.npz", "x" * 250]
)
def test_where_nothing_can_be_written_nothing_is_computed(tmp_path, impossible):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match=Path(impossible).name):
        sweep.run_all(toys(tmp_path), compute, tmp_path / impossible)
    assert not (tmp_path / "begun.txt").exists()


def test_results_that_are_not_finite_are_refused_by_the_name_of_their_run(tmp_path):
    (run,) = toys(tmp_path, "a")
    with pytest.raises(RuntimeError, match=r"The run a failed: ValueError: cost holds nan"):
        sweep.run_all([run], lambda run: {"cost": np.array([1.0, np.nan])}, run.path)
    assert not run.path.exists()


def there(folder):
    """A second folder, for a sweep that nothing disturbs."""
    (folder / "undisturbed").mkdir()
    return folder / "undisturbed"


def killed_while_saving(folder):
    real, saves = os.replace, []

    def third_time_unlucky(*names):
        saves.extend(name for name in names if name.endswith("results.npz"))
        if len(saves) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        real(*names)

    os.replace = third_time_unlucky
    sequential_and_saved(toys(folder))


def test_a_sweep_killed_while_saving_keeps_what_was_saved(tmp_path):
    runs = toys(tmp_path)
    code, said = ended(started(killed_while_saving, tmp_path), tmp_path)
    assert code == -signal.SIGKILL, said
    assert walks(runs[0].path) == undisturbed(runs[:2])
    before = begun_in(tmp_path)
    assert sequential_and_saved(runs) == undisturbed(runs)
    assert begun_in(tmp_path) - before == Counter("cdef")
    assert set(os.listdir(tmp_path)) == {"results.npz", "begun.txt", "said.txt"}


def disk_full_for_a_while(folder):
    runs = toys(folder)
    sweep.run_all(runs, compute_and_fill_the_disk, runs[0].path)


def compute_and_fill_the_disk(run):
    """From run c on no file can become larger than the results are; from run e on it can again."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    if run.name == "c":
        resource.setrlimit(resource.RLIMIT_FSIZE, (run.path.stat().st_size, most))
    if run.name == "e":
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    with open(Path(run.folder) / "kept.txt", "a") as file:
        file.write(f"{len(store.read(run.path))}\n")
    return compute(run)


def test_while_the_disk_is_full_finished_runs_wait_in_memory(tmp_path):
    code, said = ended(started(disk_full_for_a_while, tmp_path), tmp_path)
    assert code == 0, said
    assert (tmp_path / "kept.txt").read_text().split() == ["0", "1", "2", "2", "2", "5"]
    assert begun_in(tmp_path) == Counter("abcdef")
    assert walks(tmp_path / "results.npz") == undisturbed(toys(tmp_path))


@pytest.fixture
def full_disk(monkeypatch):
    """A disk that is full from the second save on, until `sweep` has waited twice."""
    real, saves, waits = store.write, [], []

    def write(path, runs):
        saves.append(len(runs))
        if len(saves) > 1 and len(waits) < 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, runs)

    monkeypatch.setattr(store, "write", write)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(sleep=waits.append))
    return waits


def test_at_the_end_it_waits_for_space(tmp_path, full_disk, capsys):
    runs = toys(tmp_path, "abc")
    assert sequential_and_saved(runs) == undisturbed(runs)
    assert full_disk == [sweep.PATIENCE] * 2
    said = capsys.readouterr().out
    assert "No space left on device" in said and "Free some space" in said
    assert str(runs[0].path) in said and "Ctrl+C gives up b, c; all other runs are kept" in said


def test_it_waits_for_space_after_a_run_that_fails_too(tmp_path, full_disk):
    runs = toys(tmp_path, "abc")
    with pytest.raises(RuntimeError, match="The run c failed"):
        sweep.run_all(runs, lambda run: (fails if run.name == "c" else compute)(run), runs[0].path)
    assert full_disk == [sweep.PATIENCE] * 2
    assert walks(runs[0].path) == undisturbed(runs[:2])


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOENT, errno.EIO])
def test_where_waiting_mends_nothing_it_ends_at_once(tmp_path, monkeypatch, code):
    runs, real = toys(tmp_path, "abc"), store.write

    def write(path, found):
        if set(found) == set("ab"):
            raise OSError(code, os.strerror(code), str(path))
        real(path, found)

    monkeypatch.setattr(store, "write", write)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(sleep=pytest.fail))
    with pytest.raises(OSError, match=f"{os.strerror(code)}.*results.npz") as caught:
        sequential_and_saved(runs)
    assert caught.value.errno == code
    assert begun_in(tmp_path) == Counter("ab") and walks(runs[0].path) == undisturbed(runs[:1])


def test_one_can_give_up_waiting(tmp_path, full_disk, monkeypatch):
    runs = toys(tmp_path, "abc")
    monkeypatch.setattr(sweep, "time", SimpleNamespace(sleep=interrupted))
    with pytest.raises(KeyboardInterrupt):
        sequential_and_saved(runs)
    assert walks(runs[0].path) == undisturbed(runs[:1])


# Runs that fail, workers that die.


def spoilt(name, accident, run):
    """Compute the run; the one with this name has an accident, when all before it are kept."""
    if run.name == name:
        begun(run)
        earlier = {chr(code) for code in range(ord("a"), ord(name))}
        wait_until(lambda: earlier <= set(store.read(run.path)))
        accident(run)
    return compute(run)


def fails(run):
    raise ValueError(f"no seed {run.seed} here")


def interrupted(*_):
    raise KeyboardInterrupt


def dies(_):
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(run):
    try:
        (Path(run.folder) / "died").touch(exist_ok=False)
    except FileExistsError:
        return
    dies(run)


def test_a_run_that_fails_is_named_and_takes_nothing_along(tmp_path):
    runs = toys(tmp_path)
    with (
        joblib.parallel_config("loky", n_jobs=2),
        pytest.raises(RuntimeError, match=r"The run c failed: ValueError: no seed 99 here"),
    ):
        sweep.run_all(runs, partial(spoilt, "c", fails), runs[0].path)
    kept = walks(runs[0].path)
    assert {"a", "b"} <= set(kept) <= set("abdef")
    assert sequential_and_saved(runs) == undisturbed(runs)
    assert begun_in(tmp_path)["a"] == begun_in(tmp_path)["b"] == 1


@pytest.mark.parametrize(
    "accident, error", [(fails, RuntimeError), (interrupted, KeyboardInterrupt)]
)
def test_after_an_accident_no_run_is_begun(tmp_path, accident, error):
    runs = toys(tmp_path)
    with pytest.raises(error):
        sweep.run_all(runs, partial(spoilt, "c", accident), runs[0].path)
    assert begun_in(tmp_path) == Counter("abc")
    assert walks(runs[0].path) == undisturbed(runs[:2])


def test_a_worker_that_dies_takes_along_only_the_runs_in_progress(tmp_path, capsys):
    runs = toys(tmp_path)
    with joblib.parallel_config("loky", n_jobs=2):
        sweep.run_all(runs, partial(spoilt, "c", dies_once), runs[0].path)
    assert (tmp_path / "died").exists() and "A worker process died" in capsys.readouterr().out
    assert walks(runs[0].path) == undisturbed(runs)
    assert begun_in(tmp_path)["a"] == begun_in(tmp_path)["b"] == 1


def test_workers_that_keep_dying_end_it(tmp_path):
    runs = toys(tmp_path, "abc")
    with (
        joblib.parallel_config("loky", n_jobs=2),
        pytest.raises(RuntimeError, match=r"Worker processes died 3 times .* Try fewer"),
    ):
        sweep.run_all(runs, partial(spoilt, "c", dies), runs[0].path)
    assert walks(runs[0].path) == undisturbed(runs[:2])
    # The first time, a and b were finished.
    assert begun_in(tmp_path) == Counter(a=1, b=1, c=1 + sweep.BREAKDOWNS)


# The same results everywhere, to the last bit.


@pytest.fixture(scope="module")
def wanted():
    return {run.name: (asdict(run), scaling.compute(run)) for run in scaling.quick_runs()}


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, (parameters, columns) in wanted.items():
        assert found[name][0] == parameters and set(found[name][1]) == set(columns)
        for column, values in columns.items():
            assert found[name][1][column].dtype == values.dtype
            np.testing.assert_array_equal(found[name][1][column], values, strict=True)


@pytest.mark.parametrize("backend, workers", [("loky", 1), ("loky", 2), ("threading", 2)])
def test_the_results_do_not_depend_on_where_they_are_computed(tmp_path, wanted, backend, workers):
    path = tmp_path / "results.npz"
    with joblib.parallel_config(backend, n_jobs=workers):
        sweep.run_all(scaling.quick_runs(), scaling.compute, path)
    assert_same(store.read(path), wanted)


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster  # not above: processes that read this file start faster

    where = {"processes": True, "dashboard_address": ":0"}  # not 8787, which may be taken
    with LocalCluster(n_workers=2, threads_per_worker=1, **where) as cluster:
        yield cluster


@pytest.fixture
def on_cluster(cluster):
    from experiments.cluster import on_dask

    with on_dask(cluster.scheduler_address):
        yield


def compute_or_die(folder, run):
    """Compute a run of the scaling sweep; the first worker that has finished one dies."""
    results = scaling.compute(run)
    dies_once(Toy("", folder))
    return results


def test_nor_on_dask_whose_worker_dies(tmp_path, wanted, on_cluster):
    path = tmp_path / "results.npz"
    sweep.run_all(scaling.quick_runs(), partial(compute_or_die, str(tmp_path)), path)
    assert (tmp_path / "died").exists()
    assert_same(store.read(path), wanted)


def test_the_command_line_uses_dask(tmp_path, wanted, cluster):
    path = tmp_path / "results.npz"
    command = [sys.executable, "-m", "experiments.scaling", "--quick"]
    options = ["--dask", cluster.scheduler_address, "--out", str(path)]
    before = cluster.scheduler.transition_counter
    subprocess.run([*command, *options], check=True, timeout=DEADLINE)
    assert cluster.scheduler.transition_counter > before  # it had something to do
    assert_same(store.read(path), wanted)


def test_a_run_that_dask_gives_up_ends_it(tmp_path, cluster, on_cluster, monkeypatch):
    monkeypatch.setattr(cluster.scheduler, "allowed_failures", 0)
    monkeypatch.setattr(sweep, "BREAKDOWNS", 2)
    runs = toys(tmp_path, "abc")
    with pytest.raises(RuntimeError, match="Worker processes died 2 times"):
        sweep.run_all(runs, partial(spoilt, "c", dies), runs[0].path)
    assert walks(runs[0].path) == undisturbed(runs[:2])


def test_the_task_that_asks_for_new_workers_may_land_on_a_dying_one(
    tmp_path, cluster, on_cluster, monkeypatch
):
    from distributed import KilledWorker

    backend, _ = joblib.parallel.get_active_backend()
    client, real, dying = backend.client, backend.client.submit, [Future()]
    dying[0].set_exception(KilledWorker("probe", None, 0))

    def submit(*task, **how):
        return dying.pop() if dying else real(*task, **how)

    monkeypatch.setattr(client, "ncores", lambda: {} if dying else {"one": 2})
    monkeypatch.setattr(client, "submit", submit)
    runs = toys(tmp_path, "ab")
    sweep.run_all(runs, compute, runs[0].path)
    assert not dying and walks(runs[0].path) == undisturbed(runs)


def test_one_dask_worker_computes_elsewhere_too(tmp_path, cluster, on_cluster):
    cluster.scale(1)
    wait_until(lambda: len(cluster.scheduler.workers) == 1)
    runs = toys(tmp_path, "ab")
    sweep.run_all(runs, compute, runs[0].path)
    pids = {int(columns["pid"]) for _, columns in store.read(runs[0].path).values()}
    assert os.getpid() not in pids and walks(runs[0].path) == undisturbed(runs)
