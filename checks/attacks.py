"""Attacks on what the claims say without exception: the identities of Definition 1, the algebra of Lemmas 2 and 3.

An example is a problem and a network: inputs as rows of the unit sphere, activation, noise, number of outputs and
width, and the seed of the initial weights. Ratios come from the experiments that the claims are judged by.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import hypothesis.strategies as st
import numpy as np
from numpy import ndarray
from numpy.random import SeedSequence
from scipy.stats import binom

from checks.case import VaeCase
from checks.experiments.ball import ball
from checks.experiments.eigenvalues import eigenvalues
from checks.experiments.initialisation import BLOCKS
from checks.experiments.networks import Prepare, as_initialised
from checks.experiments.sampled import identities
from checks.measures.ball import derived_bound
from claimtest.attack import Attack
from models.snn import StochasticNetwork
from theorems.lemma3 import DELTA
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise, Problem, activation_named

__all__ = ["ATTACK_DEFINITION1", "ATTACK_LEMMA2", "ATTACK_LEMMA3"]

Example = Mapping[str, Any]

IDENTITY = 1e-10
"""Largest defect of an identity, relative to ‖Θ‖_F: what Definition 1 is judged by."""

ROUND_OFF = 1e-12
"""What eigenvalues of Θ and Θ∞ may be off by, relative to λ_max(Θ∞): quadratures included."""

NETWORKS = 64
"""Networks of an example of Lemma 3, whose bound holds with probability 1 - δ."""

MOST, WIDEST = 64, 2**16
"""Beyond so many outputs, or numbers in the inputs, and so many units a file holds no example, but a mistake."""

SURELY = 1e-9
"""Chance that so many of them break a bound that does hold: a search may try a hundred thousand examples."""


def _between(low: float, high: float, steps: int = 2**20) -> st.SearchStrategy[float]:
    """Equidistant numbers, drawn as integers: Hypothesis climbs in whole steps, which are too long for floats."""
    return st.integers(0, steps).map(lambda k: low + (high - low) * k / steps)


def _powers(low: int, high: int) -> st.SearchStrategy[float]:
    """2^k with k in [low, high]: sizes of every order."""
    return _between(low, high, 64 * (high - low)).map(lambda k: 2.0**k)


def _unit(row: list[float]) -> list[float]:
    return (np.array(row) / np.linalg.norm(row)).tolist()


@st.composite
def _examples(draw: st.DrawFn, widest: int, narrowest: int = 1) -> dict[str, Any]:
    """1 to 4 inputs in 1 to 4 dimensions, 1 to 3 outputs, a width up to ``widest`` and weights drawn from a seed."""
    p = draw(st.integers(1, 4))
    row = (
        st.lists(_between(-1, 1) | st.floats(-1, 1), min_size=p, max_size=p)
        .filter(lambda r: np.linalg.norm(r) > 1e-3)
        .map(_unit)
    )
    d = draw(st.integers(1, 3))
    return {
        "inputs": draw(st.lists(row, min_size=1, max_size=4)),
        "outputs": d,
        "activation": draw(st.sampled_from(sorted(ACTIVATIONS))),
        "noise": draw(st.sampled_from(("fixed", "learned"))),
        "noise_scale": draw(_powers(-6, 2)),
        "width": draw(st.integers(max(narrowest, d), max(widest, d))),
        "seed": draw(st.integers(0, 2**16 - 1)),
    }


def case_of(example: Example) -> VaeCase:
    """The problem of an example, with targets of zeros. Raises ValueError or KeyError for what is no example."""
    noises = {"fixed": FixedNoise, "learned": LearnedNoise}
    if (kind := example["noise"]) not in noises:
        raise ValueError(f"noise is {' or '.join(noises)}, not {kind!r}")
    inputs, outputs, width = np.array(example["inputs"], dtype=float), example["outputs"], example["width"]
    if max(outputs, inputs.size) > MOST or width > WIDEST:
        raise ValueError(f"more than {MOST} outputs or numbers in the inputs, or {WIDEST} units: none is so large")
    targets = np.zeros((len(inputs), outputs))
    problem = Problem(inputs, targets, activation_named(example["activation"]), noises[kind](example["noise_scale"]))
    return VaeCase(problem, origin="attack")


def _stretched(example: Example) -> Prepare:
    """Weights of any size, not only initial ones: each block times its factor."""
    mean, scale, decoder = example["stretch"]

    def prepare(network: StochasticNetwork) -> StochasticNetwork:
        wider = None if network.scale is None else network.scale * scale
        return dataclasses.replace(network, mean=network.mean * mean, scale=wider, decoder=network.decoder * decoder)

    return prepare


def _run(experiment: Any, example: Example, count: int = 1, **keywords: Any) -> Mapping[str, ndarray]:
    """What an experiment measures on ``count`` networks of the example."""
    seeds = SeedSequence(example["seed"]).spawn(count)
    return experiment(case_of(example), example["width"], seeds, "cpu", **{"prepare": as_initialised} | keywords)


def identity_ratios(example: Example) -> dict[str, float]:
    """Each defect of the kernel of one network over `IDENTITY`."""
    measured = _run(identities, example, prepare=_stretched(example))
    return {name: float(defect[0]) / IDENTITY for name, defect in measured.items()}


def spectrum_ratios(example: Example) -> dict[str, float]:
    """How far λ_min falls below λ0 over ‖Θ(0) - Θ∞⊗I‖₂, and how far λ0 falls below 0 over round-off; worst block."""
    case, measured = case_of(example), _run(eigenvalues, example)
    slack = ROUND_OFF * float(case.eigenvalues[-1])
    falls, below = [], []
    for name in BLOCKS:
        smallest = float(np.linalg.eigvalsh(getattr(case.kernel, name))[0])
        fall = smallest - float(measured[f"{name}_smallest"][0])
        falls.append(fall / (float(measured[f"{name}_distance"][0]) + slack))
        below.append(-smallest / slack)
    return {"closeness": max(falls), "definiteness": max(below)}


def stability_ratios(example: Example) -> dict[str, float]:
    """The largest change of the kernel in the ball over its bound: what k of the networks exceed.

    Above 1 it refutes that a network breaks the bound with probability δ at most: k do so with a chance of `SURELY`.
    """
    radius, k = float(example["radius"]), int(binom.isf(SURELY, NETWORKS, DELTA)) + 1
    measured = _run(ball, example, NETWORKS, radii=(radius,))
    reached = np.sort(np.maximum(measured["ascent"], measured["random"])[:, 0])[-k]
    bound = derived_bound(case_of(example), example["width"], np.array([[radius]]))
    return {"change": float(reached / bound[0, 0])}


def _with(name: str, more: st.SearchStrategy[Any], examples: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(examples, more).map(lambda both: both[0] | {name: both[1]})


ATTACK_DEFINITION1 = Attack(
    {
        "autodiff": "closed form against exact Jacobians, defect / 1e-10 ‖Θ‖",
        "asymmetry": "Θ against its transpose, defect / 1e-10 ‖Θ‖",
        "negativity": "negative part of λ_min(Θ) / 1e-10 ‖Θ‖",
        "sum": "sum of the blocks against the contraction over all parameters, defect / 1e-10 ‖Θ‖",
        "gradient": "closed form of ∇L against a backward pass, defect / 1e-10 ‖∇L‖",
    },
    _with("stretch", st.lists(_powers(-10, 10), min_size=3, max_size=3), _examples(8)),
    identity_ratios,
)
"""Networks with weights of any size: an identity in the weights holds at all of them."""

ATTACK_LEMMA2 = Attack(
    {
        "closeness": "(λ0 - λ_min(Θ(0))) / ‖Θ(0) - Θ∞⊗I‖₂, of Θ and each block: why (a) gives (b)",
        "definiteness": "-λ0 / round-off, of Θ∞ and each block: the limit is positive semidefinite",
    },
    _examples(64),
    spectrum_ratios,
)
"""The lemma speaks of probabilities and its constant is free; these are the steps that hold without exception."""

ATTACK_LEMMA3 = Attack(
    {"change": "‖Θ - Θ(0)‖₂ / C n (1 + √(d/m))² (R + R²) with the derived C, at a share of networks above δ"},
    _with("radius", _powers(-10, 3), _examples(32)),
    stability_ratios,
)
"""The adversary of the check, on problems, widths and radii that Hypothesis chooses."""
