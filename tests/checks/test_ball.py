"""The ball on trial: its experiments keep their promises, its measures read like their formula."""

import numpy as np
import pytest
from numpy.random import SeedSequence

from checks.case import VaeCase
from checks.cases import case_book
from checks.experiments.ball import BALL, BALL_EIGENVALUE, GRID, RADII, promised
from checks.lemma3 import BALL_SWEEP, CHECK, without_linear_term
from checks.measures.ball import (
    beyond_edge,
    change_by_radius,
    change_per_radius,
    derived_bound,
    keeps,
    kinked,
    random_share,
    share_of_bound,
    smooth,
    used_share,
)
from checks.own_data import case_from_data
from claimtest.cells import Cell, CellData
from claimtest.profile import PROFILES
from theorems.setting import ERF, FixedNoise, Problem

BOOK = case_book(0)
CASE = BOOK.drawn[3]


@pytest.mark.parametrize("experiment", [BALL, BALL_EIGENVALUE], ids=lambda e: e.id)
def test_the_same_cell_gives_the_same_bits_and_other_replicates_other_numbers(experiment):
    first, again, other = (Cell(experiment, CASE, 24, start, 2).run(0) for start in (0, 0, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("case", BOOK.drawn[:6], ids=lambda case: case.id)
def test_adversary_beats_chance_and_what_is_larger_holds_more(case):
    measured = Cell(BALL, case, 256, 0, 2).run(0)
    assert measured["radius"].tolist() == [list(RADII)] * 2
    assert (measured["random"] < measured["ascent"]).all()
    near = measured["radius"][0] <= 0.25
    assert (np.diff(measured["ascent"][:, near], axis=1) > 0).all()
    inside = Cell(BALL_EIGENVALUE, case, 256, 0, 2).run(0)
    assert (inside["promised"] < inside["initial"]).all()
    assert (inside["whole"] < inside["promised"]).all()
    assert (inside["largest"] <= 1).all()


def test_the_largest_radius_is_one_that_keeps_the_level_and_nearly_the_last():
    """Against a ladder of balls: the level is kept at the radius found and lost at 1.15 times it."""
    from checks.experiments.networks import initial_networks
    from claimtest.cells import replicate_seeds
    from models.ball import smallest_eigenvalue

    seeds = replicate_seeds(0, "here", CASE.digest, 512, 0, 4)
    found = BALL_EIGENVALUE.run(CASE, 512, seeds, "cpu")["largest"]
    network, x = initial_networks(CASE, 512, seeds, "cpu"), CASE.problem.inputs
    level = CASE.smallest_eigenvalue / 2
    for k, radius in enumerate(found):
        assert float(smallest_eigenvalue(network, x, radius).value[k]) >= level * (1 - 1e-9)
        assert float(smallest_eigenvalue(network, x, 1.15 * radius).value[k]) < level


def test_no_radius_is_found_beyond_one_at_which_the_level_was_lost():
    """A case in which λ_min, as the descent finds it, is no monotone function of the radius."""
    from checks.experiments.networks import initial_networks
    from claimtest.cells import replicate_seeds
    from models.ball import smallest_eigenvalue

    x = np.array([[0.6, 0.0, 0.8, 0.0, 0.0], [0.0, 0.8, 0.6, 0.0, 0.0]])
    case = VaeCase(Problem(x, np.eye(2, 3), ERF, FixedNoise(1.0)))
    seeds = replicate_seeds(0, "here", "there", 256, 0, 16)
    found = BALL_EIGENVALUE.run(case, 256, seeds, "cpu")["largest"]
    network, level = initial_networks(case, 256, seeds, "cpu"), case.smallest_eigenvalue / 2
    for radius in GRID:
        lost = smallest_eigenvalue(network, x, radius).value.numpy() < level
        assert (found[lost] < radius).all()
    assert (found > 5 * promised(case, 256)).all()  # and it does not give up at the first step


def test_a_timid_adversary_does_not_reach_the_edge():
    whole, timid = (BALL.run(CASE, 64, [SeedSequence(1)], "cpu", reach=reach) for reach in (1.0, 0.4))
    np.testing.assert_allclose(beyond_edge(cell(**whole)), 0, atol=1e-12)
    np.testing.assert_allclose(beyond_edge(cell(**timid)), -0.6, atol=1e-12)


def cell(width=64, **quantities):
    return CellData(CASE, width, {name: np.array(values) for name, values in quantities.items()})


def test_measures_read_like_their_formula():
    radius = [[1 / 64, 1 / 32, 1.0]] * 2
    data = cell(radius=radius, ascent=[[0.03, 0.06, 5.0], [0.04, 0.08, 6.0]], random=[[0.003, 0.09, 1.0]] * 2)
    change, abscissa = change_by_radius(data)
    assert change.tolist() == [[0.03, 0.06], [0.04, 0.08]]
    assert abscissa.tolist() == [[1 / 64, 1 / 32]] * 2
    np.testing.assert_allclose(change_per_radius(data), [0.03 * 64, 0.04 * 64])
    share, _ = share_of_bound(data, lambda case, width, radius: 2 * radius)
    np.testing.assert_allclose(share, [[0.96, 1.44, 2.5], [1.28, 1.44, 3.0]])
    np.testing.assert_allclose(random_share(data)[0][0], [0.1, 1.5, 0.2])


def test_the_bound_says_nothing_where_the_network_is_narrower_than_its_output():
    assert share_of_bound(CellData(BOOK.drawn[0], 1, {k: np.ones((2, 3)) for k in ("radius", "ascent", "random")}))[
        0
    ].shape == (0, 3)


def test_promises_and_what_became_of_them():
    half = CASE.smallest_eigenvalue / 2
    data = cell(promised=[half, 0.9 * half], whole=[0.0, 2 * half], largest=[0.5, 0.0])
    assert keeps(data).tolist() == [1.0, 0.0]
    assert keeps(data, ball="whole").tolist() == [0.0, 1.0]
    assert keeps(data, factor=2.0).tolist() == [0.0, 0.0]
    assert used_share(data).tolist() == [promised(CASE, 64) / 0.5, np.inf]
    radius = np.array([[promised(CASE, 64)]])
    assert derived_bound(CASE, 64, radius)[0, 0] == pytest.approx(CASE.smallest_eigenvalue / 4)
    assert without_linear_term(CASE, 64, radius)[0, 0] == pytest.approx(
        CASE.smallest_eigenvalue / 4 * radius[0, 0] / (1 + radius[0, 0])
    )


@pytest.mark.parametrize("root", range(5))
def test_every_profile_moves_relu_and_smooth_networks(root):
    book = case_book(root)
    cases = BALL_SWEEP.cases(book, PROFILES["quick"])
    cells = [CellData(case, 8, {}) for case in cases]
    assert len(smooth(cells)) >= 2
    assert len(kinked(cells)) >= 2
    assert {type(c.case.problem.noise).__name__ for c in kinked(cells)} == {"FixedNoise", "LearnedNoise"}


def test_it_is_judged_on_data_of_ones_own_too():
    book = case_from_data(np.eye(3), None, (64, 256))
    (case,) = book.drawn
    for sweep in {c.sweep for part in CHECK.readings for c in part.criteria}:
        assert tuple(sweep.widths(case, PROFILES["quick"])) == (64, 128, 256)
