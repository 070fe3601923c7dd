"""The diagram of the network against a loop over inputs and units."""

import math

import numpy as np
import pytest
from scipy.special import erf

from theorems.figure1 import Diagram, Part, architecture, follow
from theorems.setting import ERF, FixedNoise, LearnedNoise, Problem

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4))
X /= np.linalg.norm(X, axis=1, keepdims=True)
NOISE = RNG.standard_normal((3, 6))
BLOCKS = {
    "mean": RNG.standard_normal((6, 4)),
    "scale": RNG.standard_normal((6, 4)),
    "decoder": RNG.standard_normal((6, 2)),
}


def unit_by_unit(scale):
    """f̂_k(x_i; ε_i) = m^{-1/2} Σ_r v_rk erf(u_r + s_r ε_ir), written out."""
    out = np.zeros((3, 2))
    for i, k in np.ndindex(3, 2):
        for r in range(6):
            u = sum(BLOCKS["mean"][r, j] * X[i, j] for j in range(4))
            s = sum(BLOCKS["scale"][r, j] * X[i, j] for j in range(4)) if scale is None else scale
            out[i, k] += BLOCKS["decoder"][r, k] * erf(u + s * NOISE[i, r]) / math.sqrt(6)
    return out


@pytest.mark.parametrize(("noise", "scale"), [(LearnedNoise(0.7), None), (FixedNoise(0.6), 0.6), (FixedNoise(0.0), 0)])
def test_following_the_arrows_is_the_sampled_output(noise, scale):
    diagram = architecture(Problem(X, np.ones((3, 2)), ERF, noise), 6)
    np.testing.assert_allclose(follow(diagram, BLOCKS, X, NOISE), unit_by_unit(scale), rtol=1e-12)


def test_shapes_are_those_of_the_setting():
    learned, fixed = (
        architecture(Problem(X, np.ones((3, 2)), ERF, noise), 6) for noise in (LearnedNoise(1.0), FixedNoise(1.0))
    )
    assert {part.name: part.size for part in learned.parts if part.name in ("latent", "hidden", "output")} == {
        "latent": 6, "hidden": 6, "output": 2,
    }  # fmt: skip
    assert {"ψ(z)", "f̂"} <= {part.symbol for part in learned.parts}
    assert learned.shapes() == {name: block.shape for name, block in BLOCKS.items()}
    assert fixed.shapes() == {"mean": (6, 4), "decoder": (6, 2)}


def test_replacing_a_part_leaves_the_others_and_the_activation():
    diagram = architecture(Problem(X, X, ERF, FixedNoise(1.0)), 6)
    changed = diagram.replace("noise", size=7)
    assert (changed.part("noise").size, diagram.part("noise").size) == (7, 6)
    assert changed.activation is ERF
    assert [a for a, b in zip(changed.parts, diagram.parts, strict=True) if a != b] == [changed.part("noise")]


def test_what_is_not_there_is_named():
    diagram = architecture(Problem(X, X, ERF, LearnedNoise(1.0)), 6)
    with pytest.raises(KeyError, match="bottleneck"):
        diagram.part("bottleneck")
    with pytest.raises(ValueError, match="unknown kind 'guess'"):
        follow(Diagram((Part("output", "f", 2, "guess"),), ERF), BLOCKS, X, NOISE)
