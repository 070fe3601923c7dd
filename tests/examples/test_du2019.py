"""The second pack: its formulas against slow references, and its verdicts by the same command as the first's."""

import json

import numpy as np
import pytest
from scipy.linalg import expm

from claimtest import cli
from examples.du2019 import PACK
from examples.du2019.experiments import HORIZON, flow, steps
from examples.du2019.network import Network, gradient_flow, initial
from examples.du2019.theory import gram_limit, residual_limit


@pytest.fixture(scope="module")
def problem():
    return PACK.cases(0)[0]


@pytest.fixture
def network(problem):
    return initial(7, problem.inputs.shape[1], np.random.SeedSequence(3).spawn(2))


def outputs(network, x):
    """f(x), unit by unit as it is written."""
    values = np.zeros((len(network.weights), len(x)))
    for r in range(network.weights.shape[1]):
        values += network.signs[:, r, None] * np.maximum(network.weights[:, r] @ x.T, 0)
    return values / np.sqrt(network.weights.shape[1])


def derivatives(network, function, h=1e-6):
    """∂function/∂W by central differences, (R, m, p, ...)."""
    columns = []
    for index in np.ndindex(network.weights.shape[1:]):
        up, down = network.weights.copy(), network.weights.copy()
        up[:, *index] += h
        down[:, *index] -= h
        sides = [function(Network(w, network.signs, network.multiplier)) for w in (up, down)]
        columns.append((sides[0] - sides[1]) / (2 * h))
    shape = (len(network.weights), *network.weights.shape[1:], *columns[0].shape[1:])
    return np.stack(columns, 1).reshape(shape)


def test_the_limit_is_an_integral_over_the_angle(problem):
    x = problem.inputs
    angles = (np.arange(400_000) + 0.5) * 2 * np.pi / 400_000
    for i in range(len(x)):
        for j in range(len(x)):
            rho = min(x[i] @ x[j], 1.0)
            both = (np.cos(angles) >= 0) & (rho * np.cos(angles) + np.sqrt(1 - rho**2) * np.sin(angles) >= 0)
            assert gram_limit(x)[i, j] == pytest.approx(rho * both.mean(), abs=1e-5)


def test_training_under_the_limit_is_a_matrix_exponential(problem):
    gram, start, time = (
        gram_limit(problem.inputs),
        np.array([problem.targets, problem.targets**2]),
        np.array([0, 0.7, 5]),
    )
    slow = [[expm(-gram * t) @ r for t in time] for r in start]
    np.testing.assert_allclose(residual_limit(gram, start, time), slow, atol=1e-13)


def test_gradient_and_gram_matrix_are_those_of_the_outputs(problem, network):
    x, y = problem.inputs, problem.targets
    velocity, residual = network.velocity(x, y)
    np.testing.assert_allclose(residual, outputs(network, x) - y, atol=1e-14)
    slope = derivatives(network, lambda other: ((outputs(other, x) - y) ** 2).sum(1) / 2)
    np.testing.assert_allclose(velocity, -slope, atol=1e-8)
    jacobian = derivatives(network, lambda other: outputs(other, x))
    np.testing.assert_allclose(network.gram(x), np.einsum("rmpi,rmpj->rij", jacobian, jacobian), atol=1e-8)


def test_the_error_of_the_steps_lies_far_below_what_is_measured(problem):
    x, y, time = problem.inputs, problem.targets, HORIZON / problem.spectrum[0]
    start = initial(2048, x.shape[1], np.random.SeedSequence(5).spawn(4))
    coarse, fine = (gradient_flow(start, x, y, time, k * steps(problem))[1][:, ::k] for k in (1, 8))
    limit = residual_limit(gram_limit(x), fine[:, 0], np.linspace(0, time, fine.shape[1]))
    assert np.linalg.norm(coarse - fine) < 0.05 * np.linalg.norm(fine - limit)


def test_a_replicate_does_not_depend_on_its_company(problem):
    seeds = np.random.SeedSequence(0).spawn(3)
    together, alone = flow(problem, 32, seeds, "cpu"), flow(problem, 32, seeds[1:2], "cpu")
    for name, values in together.items():
        np.testing.assert_allclose(values[1:2], alone[name], rtol=0, atol=1e-12)


def test_cases_come_from_the_seed():
    one, same, other = PACK.cases(1), PACK.cases(1), PACK.cases(2)
    assert [case.digest for case in one] == [case.digest for case in same]
    assert not {case.digest for case in one} & {case.digest for case in other}


def test_every_verdict_is_as_expected_and_every_control_is_rejected(tmp_path):
    status = cli.main(["--pack", "examples.du2019", "verify", "--quiet", "--strict", "--out", str(tmp_path)])
    report = json.loads((tmp_path / "report.json").read_text())
    readings = [reading for claim in report["claims"] for reading in claim["readings"]]
    assert status == 0
    assert [reading["verdict"] for reading in readings] == [reading["expected"] for reading in readings]
    assert all(control["rejected"] for reading in readings for control in reading["controls"])
    assert sum(len(reading["controls"]) for reading in readings) == 13
