import pytest

from nn_core import load_mnist


@pytest.fixture(scope="session")
def mnist():
    return load_mnist()
