"""Θ∞ of inputs: shapes, symmetry, positivity, λ0 in the cases that are known, and bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from theorems.limiting_kernel import kernel_profile, limiting_kernel
from theorems.setting import ACTIVATIONS, FixedNoise, LearnedNoise

NOISES = st.one_of(
    st.builds(LearnedNoise, st.sampled_from([0.0, 1e-3, 0.3, 1.0, 2.0])),
    st.builds(FixedNoise, st.sampled_from([0.0, 0.3, 1.0])),
)


@st.composite
def sphere(draw, columns):
    """Up to 6 rows on the unit sphere, some of them equal or opposite."""
    rows = draw(st.integers(1, 6))
    x = draw(arrays(np.float64, (rows, columns), elements=st.integers(-3, 3)))
    x[:, 0] += ~x.any(axis=1)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def smallest(x, **how):
    return np.linalg.eigvalsh(limiting_kernel(x, **how).total)[0]


@settings(max_examples=50)
@given(sphere(3), sphere(3), st.sampled_from(sorted(ACTIVATIONS)), NOISES)
def test_every_block_is_symmetric_positive_and_a_function_of_the_cosine(x, other, name, noise):
    square = limiting_kernel(x, activation=name, noise=noise)
    for block in (square.decoder, square.mean, square.scale, square.total):
        assert (block == block.T).all()
        assert np.linalg.eigvalsh(block)[0] >= -1e-13 * len(x)
        assert block.dtype == np.float64
    both = limiting_kernel(np.vstack([x, other]), activation=name, noise=noise)
    rectangular = limiting_kernel(x, other, activation=name, noise=noise)
    assert rectangular.total.shape == (len(x), len(other))
    assert rectangular.total == pytest.approx(both.total[: len(x), len(x) :], abs=1e-12)
    assert square.total == pytest.approx(both.total[: len(x), : len(x)], abs=1e-12)
    assert np.diag(square.total) == pytest.approx(float(kernel_profile(1.0, activation=name, noise=noise).total))


@pytest.mark.parametrize("noise", [FixedNoise(0.0), FixedNoise(0.5), LearnedNoise(0.5)])
def test_the_smallest_eigenvalue_where_it_is_known(noise):
    """Duplicates: 0. One antipodal pair: 0 for odd ψ, positive for ReLU. Distinct, pairwise not parallel: positive."""
    x = np.array([[1.0, 0.0], [0.6, 0.8], [-0.8, 0.6]])
    for name in ACTIVATIONS:
        how = {"activation": name, "noise": noise}
        assert smallest(x, **how) > 1e-3
        assert abs(smallest(np.vstack([x, x[1]]), **how)) < 1e-15
        pair = smallest(np.vstack([x[:2], -x[1]]), **how)
        assert pair > 1e-3 if name == "relu" else abs(pair) < 1e-15
    scale = limiting_kernel(np.vstack([x[:2], -x[1]]), activation="relu", noise=LearnedNoise(0.5)).scale
    assert abs(np.linalg.eigvalsh(scale)[0]) < 1e-15  # Θ^σ∞ of ReLU is even


def test_relu_with_dependent_antipodal_pairs():
    """Three antipodal pairs in the plane: their directions are dependent, so λ0 = 0."""
    angle = np.array([0.0, 1.0, 2.0])
    half = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert abs(smallest(np.vstack([half, -half]), activation="relu")) < 1e-14
    assert smallest(np.vstack([half[:2], -half[:2]]), activation="relu") > 1e-3


def test_nearly_parallel_inputs_keep_their_angle():
    """At an angle of 1e-5 the cosine 1 - 5e-11 is known to 16 digits, the angle from it only to 6; Θ^μ needs it."""
    x = np.array([[1.0, 0.0], [np.cos(1e-5), np.sin(1e-5)]])
    mean = limiting_kernel(x, activation="relu", noise=FixedNoise(0.0)).mean[0, 1]
    assert mean == pytest.approx((1 - 0.5e-10) * (np.pi - 1e-5) / (2 * np.pi), abs=1e-12)


@pytest.mark.parametrize(
    ("inputs", "other", "message"),
    [
        ([[1.0, 0.0], [0.6, 0.9]], None, "row 1 .* has norm 1.08"),
        ([[1.0, np.nan]], None, "row 0, column 1 .* is nan"),
        ([], None, "at least one row"),
        ([[1.0, 0.0]], [[1.0, 0.0, 0.0]], "2 columns but other has 3"),
        ([[1.0, 0.0]], [[2.0, 0.0]], "other: row 0 .* has norm 2"),
    ],
)
def test_bad_input(inputs, other, message):
    with pytest.raises(ValueError, match=message):
        limiting_kernel(inputs, other)


@pytest.mark.parametrize("rho", [1.5, [-1.0000001, 0], np.nan])
def test_no_correlation(rho):
    with pytest.raises(ValueError, match=r"^rho: every "):
        kernel_profile(rho)


def test_unknown_activation():
    with pytest.raises(ValueError, match="did you mean sin"):
        limiting_kernel([[1.0]], activation="sine")


def test_a_notebook_names_the_kernel_and_its_blocks():
    html = limiting_kernel(np.eye(2))._repr_html_()
    assert all(name in html for name in ("Kernel Θ", "decoder", "mean", "scale"))
