"""Cells and their seeds: every number has a random state of its own, the same for ever."""

from dataclasses import replace

import numpy as np
import pytest

from claimtest.cells import Cell, Experiment, Sweep, replicate_seeds
from claimtest.profile import PROFILES
from tests.claimtest.toy_pack import DRIFTING, FLIP, SWEEP, Coin, coins, ladder

QUICK = PROFILES["quick"]
COIN = Coin("coin", 16)


def test_seeds_are_frozen_by_value():
    """Reports are to be repeated years later: if this fails, every number of every report has changed."""
    first, second = replicate_seeds(0, "flip", "digest", 64, 0, 2)
    assert first.entropy == 328338132912493370769949359906082573380
    np.testing.assert_array_equal(first.generate_state(2), [1630109365, 2531024948])
    np.testing.assert_array_equal(second.generate_state(2), [4280880100, 958071691])


def test_seeds_differ_in_everything_that_tells_replicates_apart():
    keys = [
        (root, experiment, case, width)
        for root in (0, 1)
        for experiment in ("flip", "flip/drifting")
        for case in ("a", "b")
        for width in (64, 128, 6)
    ]
    states = {tuple(s.generate_state(4)) for key in keys for s in replicate_seeds(*key, 0, 5)}
    assert len(states) == 5 * len(keys)


def test_no_part_of_a_key_runs_into_the_next():
    assert replicate_seeds(1, "1", "c", 1, 0, 1)[0].entropy != replicate_seeds(11, "", "c", 1, 0, 1)[0].entropy


def test_draws_at_one_width_are_not_the_head_of_those_at_another():
    narrow, wide = (
        np.random.default_rng(replicate_seeds(0, "e", "c", m, 0, 1)[0]).standard_normal(64) for m in (64, 128)
    )
    assert abs(np.corrcoef(narrow, wide)[0, 1]) < 0.5


def test_blocks_do_not_change_what_is_measured():
    """A replicate is the same in whichever block it is measured."""
    whole = Cell(FLIP, COIN, 32, 0, 12).run(root=3)
    parts = [Cell(FLIP, COIN, 32, first, 4).run(root=3) for first in (0, 4, 8)]
    for name, values in whole.items():
        np.testing.assert_array_equal(values, np.concatenate([part[name] for part in parts]))


def test_keys_tell_cells_apart_by_everything_their_numbers_depend_on():
    cell = Cell(FLIP, COIN, 32, 0, 8)
    others = [
        replace(cell, experiment=DRIFTING), replace(cell, case=Coin("coin", 17)), replace(cell, width=64),
        replace(cell, first=8), replace(cell, count=4),
    ]  # fmt: skip
    keys = {c.key(0, "sources") for c in [cell, *others]}
    keys |= {cell.key(1, "sources"), cell.key(0, "other sources"), cell.key(0, "sources", "cuda")}
    assert len(keys) == 9


def test_a_larger_profile_extends_a_smaller_one():
    sweep = Sweep(FLIP, coins, ladder)
    small = {cell.identity for cell in sweep.cells([COIN], QUICK)}
    large = {cell.identity for cell in sweep.cells([COIN], PROFILES["standard"])}
    more = {cell.identity for cell in sweep.cells([COIN], replace(QUICK, replicates=32))}
    assert small < large
    assert small < more


def test_cells_cover_every_replicate_once():
    sweep = replace(SWEEP, replicates=lambda profile: 21, block=8)
    cells = [cell for cell in sweep.cells([COIN], QUICK) if cell.width == 16]
    assert [(cell.first, cell.count) for cell in cells] == [(0, 8), (8, 8), (16, 5)]


@pytest.mark.parametrize("shape", [(), (3,)])
def test_an_experiment_that_loses_replicates_is_refused(shape):
    broken = Experiment("broken", lambda case, width, seeds, device: {"x": np.zeros(shape)}, lambda case, width: 1.0)
    with pytest.raises(ValueError, match="not 8 replicates"):
        Cell(broken, COIN, 16, 0, 8).run(0)
