"""Networks and data that the tests of this floor draw."""

import numpy as np
import torch
from hypothesis import strategies as st

from models.data import sphere
from models.snn import StochasticNetwork
from theorems.setting import ERF, RELU, SIN, Activation, FixedNoise, LearnedNoise

TANH = Activation("tanh", lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2)
BENT = Activation(
    "bent",
    lambda xp, z: xp.where(z > 0.5, z - 0.5, 0.25 * (z - 0.5)),
    lambda xp, z: 0.25 + 0.75 * (z > 0.5),
    kinks=(0.5,),
)
"""A leaky ReLU with its kink off zero."""

ACTIVATIONS = [ERF, RELU, SIN, TANH, BENT]
NOISES = [LearnedNoise(1.0), LearnedNoise(0.3), FixedNoise(0.8), FixedNoise(0.0)]
activations = st.sampled_from(ACTIVATIONS)
noises = st.sampled_from(NOISES)
sizes = st.integers(1, 4)
widths = st.integers(1, 40)
seeds = st.integers(0, 2**32 - 1)


def data(inputs, dimension, outputs, seed=0):
    """Unit rows (n, p) and targets (n, d) as tensors."""
    rng = np.random.default_rng(seed)
    x = sphere(rng.standard_normal((inputs, dimension)))
    return torch.from_numpy(x), torch.from_numpy(rng.standard_normal((inputs, outputs)))


def network(width, dimension, outputs, seed=0, **options):
    """A network at initialisation."""
    return StochasticNetwork.initialise(width, dimension, outputs, seed=seed, **options)


def largest_difference(left, right):
    """max |left - right| over corresponding tensors, relative to the largest entry of ``right`` unless all are 0."""
    scale = max(float(b.abs().max()) for b in right) or 1.0  # a single ReLU without noise may be silent everywhere
    return max(float((a - b).abs().max()) for a, b in zip(left, right, strict=True)) / scale
