"""The width law's networks: all are stored, and they are runs of the scaling sweep's program."""

import numpy as np
import pytest

from experiments import scaling
from experiments.width_law import ETAS, all_runs, load, main, quick_runs


def test_all_runs_are_stored_and_have_settled():
    assert set(load()) == set(all_runs()) and len(all_runs()) == 20
    assert all(columns["settled"] for columns in load().values())


@pytest.mark.parametrize("init", scaling.INITS)
def test_what_is_stored_is_what_training_gives(init):
    run = scaling.Run(hidden=8, n_train=1000, eta=ETAS[1], init=init)
    for name, column in scaling.compute(run).items():
        np.testing.assert_allclose(load()[run][name], column, rtol=1e-6, err_msg=name)


def test_the_program_stores_what_load_reads(tmp_path):
    main(["--quick", "--workers", "1", "--out", str(tmp_path / "quick.npz")])
    assert set(load(tmp_path / "quick.npz")) == set(quick_runs())


def test_without_its_file_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"python -m experiments\.width_law"):
        load(tmp_path / "none.npz")
