"""Controls run on the cases in which what they change shows."""

import numpy as np
import pytest

from checks import PACK
from checks.lemma5 import telling
from checks.measures.kernels import noise_takes
from checks.planning import drawn
from claimtest.cells import CellData
from claimtest.profile import PROFILES

QUICK = PROFILES["quick"]


def reluctance(case):
    """κ/s, mode by mode: s = Σ_k (λ0/λ_k) share_k of the targets."""
    values, modes = np.linalg.eigh(case.kernel.total)
    shares = ((modes.T @ case.problem.targets) ** 2).sum(1) / (case.problem.targets**2).sum()
    return values[-1] / values[0] / (values[0] / values * shares).sum()


@pytest.mark.parametrize("root", [0, 22, 27])
def test_mean_field_scaling_is_tried_where_it_shows_most(root):
    book = PACK.cases(root)
    cases = sorted(drawn(book, QUICK), key=reluctance)
    assert [case.id for case in telling(book, QUICK)] == [case.id for case in cases[:2]]


def test_noise_takes_from_bounded_activations_and_gives_to_relu():
    cases = drawn(PACK.cases(0), QUICK)
    found = {(case.problem.activation.name, noise_takes(CellData(case, 16, {}))) for case in cases}
    assert found == {("erf", True), ("sin", True), ("relu", False)}
