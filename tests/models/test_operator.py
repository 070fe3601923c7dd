"""Extreme eigenvalues where Lanczos has a hard time: singular kernels, tiny eigenvalues, nothing at all."""

import numpy as np
import pytest
import torch

from models.operator import largest_eigenvalue, smallest_eigenvalue, spectral_norm, tangent_operator
from models.snn import StochasticNetwork
from models.tangent import tangent_matrix

X = np.random.default_rng(0).standard_normal((40, 8))
X /= np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.parametrize("activation", ["erf", "relu", "sin"])
@pytest.mark.parametrize(("width", "outputs"), [(3, 5), (5, 5), (2, 1), (10, 5), (60, 2)])
def test_smallest_eigenvalue_of_kernels_that_are_singular_or_nearly_so(activation, width, outputs):
    network = StochasticNetwork.initialise(width, 8, outputs, activation=activation)
    values = np.linalg.eigvalsh(tangent_matrix(network, X).numpy())
    found = smallest_eigenvalue(tangent_operator(network, X))
    assert found == pytest.approx(values[0], rel=1e-7, abs=1e-9 * values[-1])


def test_of_a_definite_kernel_it_is_accurate_relative_to_itself():
    network = StochasticNetwork.initialise(400, 8, 2)
    values = np.linalg.eigvalsh(tangent_matrix(network, X).numpy())
    assert smallest_eigenvalue(tangent_operator(network, X)) == pytest.approx(values[0], rel=1e-7)


@pytest.mark.parametrize("of", [largest_eigenvalue, smallest_eigenvalue, spectral_norm])
def test_nothing_and_nonsense(of):
    operator = tangent_operator(StochasticNetwork.initialise(50, 8, 2), X)
    assert of(operator - operator) == pytest.approx(0.0, abs=1e-12)
    for tolerance in (float("nan"), -1.0, 0.0, 2.0, "fine"):
        with pytest.raises(ValueError, match="tolerance must be"):
            of(operator, tolerance)


def test_the_operator_acts_as_the_matrix_whatever_its_blocks():
    e = np.random.default_rng(1).standard_normal(80)
    network = StochasticNetwork.initialise(50, 8, 2)
    expected = tangent_matrix(network, torch.from_numpy(X)).numpy() @ e
    found = np.asarray(tangent_operator(network, X, block=7).matvec(e))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
