"""Widths that the paper states or a proof asks for, and what (a) and (b) of Lemma 2 compare: written out once more."""

import math

import numpy as np
import pytest

from theorems import lemma2, theorem1
from theorems.lemma2 import closeness_defect, derived_eigenvalue_width, derived_width, eigenvalue_share
from theorems.limiting_kernel import limiting_kernel
from theorems.setting import LearnedNoise, parallel_pairs

X = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, -0.6, 0.8], [0.48, 0.6, 0.64]])


@pytest.mark.parametrize(
    ("n", "d", "smallest", "delta"), [(3, 2, 0.4, 0.01), (5, 1, 0.05, 0.1), (1, 1, 10.0, 0.5), (3, 2, 90.0, 0.5)]
)
def test_stated_widths_are_their_formulas(n, d, smallest, delta):
    logarithm = math.log(n) + math.log(d) - math.log(delta)
    closeness = math.exp(2 * (math.log(n) + math.log(d) - math.log(smallest))) * logarithm
    convergence = math.exp(5 * math.log(n) + 3 * math.log(d) - 4 * math.log(smallest) - 2 * math.log(delta))
    assert lemma2.stated_width(n, d, smallest, delta) == pytest.approx(closeness, rel=1e-12)
    assert theorem1.stated_width(n, d, smallest, delta) == pytest.approx(max(closeness, convergence), rel=1e-12)
    assert (closeness > convergence) == (smallest > 1)  # either may decide
    for stated in (lemma2.stated_width, theorem1.stated_width):
        assert stated(n, d, smallest, delta, 7.0) == pytest.approx(7 * stated(n, d, smallest, delta), rel=1e-12)


@pytest.mark.parametrize("outputs", [1, 3])
def test_derived_widths_are_their_formulas(outputs):
    kernel = limiting_kernel(X, activation="erf", noise=LearnedNoise(0.7))
    spread = max(np.linalg.svd(X, compute_uv=False)) ** 2
    first = {"decoder": len(X), "mean": (outputs + 2) * spread, "scale": (outputs + 2) * spread}
    sizes = {name: of * getattr(kernel, name)[0, 0] for name, of in first.items()}
    spectra = {name: np.linalg.eigvalsh(getattr(kernel, name)) for name in (*sizes, "total")}
    least = {name: values[0] for name, values in spectra.items()}
    moments = {name: size * spectra[name].max() for name, size in sizes.items()}
    for name, size in sizes.items():
        assert derived_eigenvalue_width(X, outputs, kernel, name) == pytest.approx(size / least[name], rel=1e-9)
        assert derived_width(X, outputs, kernel, name) == pytest.approx(moments[name] / least[name] ** 2, rel=1e-9)
    assert derived_eigenvalue_width(X, outputs, kernel) == pytest.approx(sum(sizes.values()) / least["total"], rel=1e-9)
    assert derived_width(X, outputs, kernel) == pytest.approx(sum(moments.values()) / least["total"] ** 2, rel=1e-9)


def test_an_eigenvalue_of_three_quarters_and_a_distance_of_a_quarter_just_pass():
    np.testing.assert_allclose(eigenvalue_share(np.array([0.15, 0.3]), 0.2), [1, 2])
    np.testing.assert_allclose(closeness_defect(np.array([0.05, 0.1]), 0.2), [1, 2])


def test_parallel_inputs_are_found_once_and_told_apart():
    close = np.array([math.cos(1e-3), math.sin(1e-3), 0.0])
    rows = np.array([X[0], X[1], -X[0], X[0], close])
    assert list(parallel_pairs(rows)) == [(0, 2, "antipodal"), (0, 3, "duplicate"), (2, 3, "antipodal")]
    assert (0, 4, "duplicate") in parallel_pairs(rows, tolerance=1e-6)
    assert list(parallel_pairs(X)) == []
