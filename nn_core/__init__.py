"""The network, the regularized step and the closed forms behind one exercise.

The exercise stands in chapter 3 of Michael Nielsen, *Neural Networks and Deep Learning*, at the
end of the section on weight initialization. Read the files in this order: `cost`, `network`,
`setting`, `sgd`, `theory`, `memory`, `ledger`, `linear_limit`, `engine`, `blas`, `data`. NumPy is
all they need.
"""

from nn_core import theory
from nn_core.cost import CrossEntropyCost, QuadraticCost
from nn_core.data import MNIST, Images, load_mnist, one_hot
from nn_core.ledger import LayerLedger, Ledger
from nn_core.network import Network
from nn_core.setting import Setting
from nn_core.sgd import DivergenceError, EpochRecord, sgd_step, train

__all__ = [
    "MNIST",
    "CrossEntropyCost",
    "DivergenceError",
    "EpochRecord",
    "Images",
    "LayerLedger",
    "Ledger",
    "Network",
    "QuadraticCost",
    "Setting",
    "load_mnist",
    "one_hot",
    "sgd_step",
    "theory",
    "train",
]
