"""The networks of a case, and what a control does to them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import torch
from numpy.random import SeedSequence

from checks.case import VaeCase
from models.snn import StochasticNetwork

__all__ = [
    "Prepare",
    "as_initialised",
    "initial_networks",
    "loud",
    "mean_field",
    "noise_ignored",
    "skewed_decoder",
]

Prepare = Callable[[StochasticNetwork], StochasticNetwork]
"""What is done to freshly initialised networks before anything is measured."""


def initial_networks(case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str) -> StochasticNetwork:
    """One network per seed, as a batch, for the sizes, activation and noise of the case."""
    p = case.problem
    return StochasticNetwork.initialise(
        width,
        p.inputs.shape[1],
        p.targets.shape[1],
        activation=p.activation,
        noise=p.noise,
        seed=seeds,
        device=device,
    )


def as_initialised(network: StochasticNetwork) -> StochasticNetwork:
    """Nothing: the network the theory speaks of."""
    return network


def noise_ignored(network: StochasticNetwork) -> StochasticNetwork:
    """Every unit's noise scale put to zero, h(u, 0) = ψ(u) in place of h(u, s)."""
    if network.scale is not None:
        return dataclasses.replace(network, scale=torch.zeros_like(network.scale))
    return dataclasses.replace(network, noise=dataclasses.replace(network.noise, scale=0.0))


def loud(block: str) -> Prepare:
    """The block (decoder, mean or scale) at 1.44 times its variance; nothing is done to one that is not there."""
    return partial(_louder, block=block)


def _louder(network: StochasticNetwork, block: str) -> StochasticNetwork:
    weights = getattr(network, block)
    return network if weights is None else dataclasses.replace(network, **{block: 1.2 * weights})


def mean_field(network: StochasticNetwork) -> StochasticNetwork:
    """Outputs scaled by 1/m in place of m^(-1/2)."""
    return dataclasses.replace(network, multiplier=1.0 / network.width)


def skewed_decoder(network: StochasticNetwork) -> StochasticNetwork:
    """v_r centred exponential, of mean 0, variance 1 and third moment 2: -log(1 - Φ(v)) - 1 for a normal v."""
    return dataclasses.replace(network, decoder=-torch.special.log_ndtr(-network.decoder) - 1)
