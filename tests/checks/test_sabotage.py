"""What the suite is for: a theory or a network that is a little wrong must not get away with it, not even at quick."""

import dataclasses
import functools

import pytest
from threadpoolctl import threadpool_limits

from checks.experiments import sampled
from checks.measures import variance
from checks.pack import PACK
from checks.rivals import larger_kernel
from claimtest.cells import CellData
from claimtest.claim import Verdict
from claimtest.engine import Engine
from claimtest.profile import PROFILES
from models import initialisation, snn
from theorems import learned_noise, limiting_kernel
from theorems.blocks import KernelBlocks
from theorems.closed_duals import ErfDual, ReluDual, SinDual

SEEDS = (0, 1)
OFF = 1.06


@functools.cache
def honest_book(seed):
    """The cases, drawn before anything is tampered with."""
    return PACK.cases(seed)


def judged(seed, claim, reading, measure):
    """The reading at quick; the cases are new, so that they ask the theory as it is now."""
    book = dataclasses.replace(
        honest_book(seed),
        drawn=tuple(dataclasses.replace(case) for case in honest_book(seed).drawn),
        real=tuple(dataclasses.replace(case) for case in honest_book(seed).real),
    )
    with threadpool_limits(1):
        return Engine(PACK, PROFILES["quick"], book, measure).judge_reading(claim, reading)


def measured(seed):
    """A measure door that runs every cell here."""
    return lambda cells: {cell.identity: cell.run(seed) for cell in cells}


@functools.cache
def honest_evidence(seed):
    """What networks that nobody tampered with show, kept from one test to the next."""
    known = {}

    def measure(cells):
        new = [cell for cell in cells if cell.identity not in known]
        known.update(measured(seed)(new))
        return known

    return measure


HONEST = snn.StochasticNetwork.initialise.__func__


def scaled_by_the_width(cls, width, *given, **named):
    """A network whose outputs are scaled by 1/m."""
    return dataclasses.replace(HONEST(cls, width, *given, **named), multiplier=1 / width)


def gathered(sweep, book, profile):
    """The data of a sweep at the three widest rungs, measured here."""
    cases = sweep.cases(book, profile)
    wide = {case.id: sweep.widths(case, profile)[-3:] for case in cases}
    cells = [cell for cell in sweep.cells(cases, profile) if cell.width in wide[cell.case.id]]
    evidence = honest_evidence(0)(cells)
    return [CellData(cell.case, cell.width, evidence[cell.identity]) for cell in cells]


def times(factor):
    """What multiplies the result of a function."""
    return lambda function: lambda *given, **named: factor * function(*given, **named)


def violated(result):
    """Criteria that contradict what was measured."""
    return {c.criterion.id for c in result.criteria if c.verdict is Verdict.VIOLATED}


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_violated_if_nobody_tampers(seed):
    assert judged(seed, "lemma1", "convergence", honest_evidence(seed)).verdict is Verdict.HOLDS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dual", [ErfDual, ReluDual, SinDual])
@pytest.mark.parametrize("part", ["kernel", "first"])
def test_a_closed_form_that_is_six_percent_off_is_noticed(monkeypatch, seed, dual, part):
    monkeypatch.setattr(dual, part, times(OFF)(getattr(dual, part)))
    found = violated(judged(seed, "lemma1", "convergence", honest_evidence(seed)))
    assert found & ({"unit-decoder"} if part == "kernel" else {"unit-mean"})


@pytest.mark.parametrize("factor", [0.0, OFF])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_scale_block_that_is_dropped_or_off_is_noticed(monkeypatch, seed, factor):
    def tampered(blocks):
        def wrong(*given, **named):
            b = blocks(*given, **named)
            return KernelBlocks(b.decoder, b.mean, factor * b.scale)

        return wrong

    monkeypatch.setattr(limiting_kernel, "learned_noise_blocks", tampered(learned_noise.learned_noise_blocks))
    found = violated(judged(seed, "lemma1", "convergence", honest_evidence(seed)))
    assert "unit-scale" in found
    assert factor or {"mean-scale", "narrow-scale"} <= found


def test_a_noise_floor_that_is_six_percent_off_is_noticed(monkeypatch):
    (criterion,) = (c for part in PACK.check("theorem1").readings for c in part.criteria if c.id == "unit-floor")
    cells = list(criterion.sweep.cells(honest_book(0).drawn[:2], PROFILES["quick"]))
    evidence = honest_evidence(0)(cells)
    data = [CellData(cell.case, cell.width, evidence[cell.identity]) for cell in cells]
    assert criterion.judge(data, PROFILES["quick"])[0].verdict is Verdict.HOLDS
    monkeypatch.setattr(variance, "noise_floor", times(OFF)(variance.noise_floor))
    assert criterion.judge(data, PROFILES["quick"])[0].verdict is Verdict.VIOLATED


@pytest.mark.parametrize("seed", SEEDS)
def test_outputs_scaled_by_one_over_the_width_are_noticed(monkeypatch, seed):
    monkeypatch.setattr(snn.StochasticNetwork, "initialise", classmethod(scaled_by_the_width))
    assert {"mean-decoder", "narrow-decoder", "narrow-mean"} <= violated(
        judged(seed, "lemma1", "convergence", measured(seed))
    )


def test_a_kernel_that_leaves_nothing_stationary_is_a_verdict_and_not_an_error(monkeypatch):
    monkeypatch.setattr(snn.StochasticNetwork, "initialise", classmethod(scaled_by_the_width))
    assert "floor" in violated(judged(0, "theorem1", "stochastic-gradients", measured(0)))


def test_weights_of_a_scale_three_percent_off_are_noticed(monkeypatch):
    honest = initialisation.drawn_blocks

    def loud(seeds, width, rows, noise, antisymmetric):
        blocks = honest(seeds, width, rows, noise, antisymmetric)
        return blocks | {"scale": 1.03 * blocks["scale"]} if "scale" in blocks else blocks

    monkeypatch.setattr(snn, "drawn_blocks", loud)
    assert "weights-scale" in violated(judged(0, "lemma1", "convergence", measured(0)))


def test_a_gradient_that_loses_half_of_a_block_is_noticed(monkeypatch):
    monkeypatch.setattr(sampled.identities, "__defaults__", tuple(
        sampled.scale_gradient_halved if value is sampled.training_gradient else value
        for value in sampled.identities.__defaults__
    ))  # fmt: skip
    assert violated(judged(0, "definition1", "mean-output", measured(0))) == {"gradient"}


@pytest.mark.parametrize("reading", ["latent", "weight-space", "standard-normal-collapsed"])
def test_a_ridge_kernel_that_is_six_percent_off_is_noticed(reading):
    (part,) = (part for part in PACK.check("theorem2").readings if part.reading == reading)
    (criterion,) = (c for c in part.criteria if c.id == "residual")
    profile, prediction = PROFILES["quick"], criterion.measure.keywords["prediction"]
    data = criterion.at(gathered(criterion.sweep, honest_book(0), profile))
    assert criterion.judge(data, profile)[0].verdict is Verdict.HOLDS
    for factor in (2 - OFF, OFF):
        wrong = larger_kernel(prediction, factor)
        assert criterion.judge(data, profile, prediction=wrong)[0].verdict is Verdict.VIOLATED
