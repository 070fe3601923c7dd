"""What the suite takes from `theorems` by name: readings, symbols of the diagram, names of blocks, shapes."""

import pickle

import numpy as np
import pytest

from claimtest.claim import Provenance
from theorems import limiting_kernel as module
from theorems.collapsed import decoder_growth
from theorems.figure1 import architecture
from theorems.figure2 import movement
from theorems.figure3 import FIGURE3, METRIC_NAMES
from theorems.figure4 import BEYOND_LUCK, discovered
from theorems.lemma5 import limit_distance
from theorems.limiting_kernel import limiting_kernel
from theorems.quadrature import half_normal, normal
from theorems.setting import ERF, SIN, Activation, FixedNoise, LearnedNoise, Problem

RNG = np.random.default_rng(12)


def unit(shape):
    x = RNG.standard_normal(shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


@pytest.mark.parametrize(("metric", "name"), METRIC_NAMES.items())
def test_every_score_of_figure_3_has_a_reading_that_expects_nothing(metric, name):
    reading = next(r for r in FIGURE3.readings if r.id == metric)
    assert reading.title == f"{name}: larger is better"
    assert reading.statement.startswith("Sprites and cars")
    assert f"The {name}, regressed on the logarithm" in reading.statement
    assert "does not fall from $D = 10$ to $D = 200$" in reading.statement
    assert len(reading.statement.rpartition("either data set. ")[2]) > 20
    assert (reading.provenance, reading.expected) == (Provenance.RECONSTRUCTED, None)
    assert "an observation" in reading.because


def test_an_attribute_is_discovered_from_a_fifth_beyond_luck_on():
    assert BEYOND_LUCK == 0.2
    luck = np.array([0.5, 0.5, 0.25, 0.6])
    area = luck + np.array([0.19, 0.21, 0.5, -0.1])
    assert discovered(area, luck).tolist() == [False, True, True, False]
    assert discovered(np.array([0.2]), np.array([0.0])).tolist() == [True]


@pytest.mark.parametrize("noise", [LearnedNoise(0.7), FixedNoise(0.4)])
def test_symbols_and_sizes_of_the_diagram(noise):
    diagram = architecture(Problem(unit((3, 4)), np.ones((3, 2)), ERF, noise), 16)
    assert {part.name: (part.symbol, part.size) for part in diagram.parts} == {
        "input": ("x", 4), "noise": ("ε", 16), "mean": ("u", 16), "scale": ("s", 16), "latent": ("z", 16),
        "hidden": ("ψ(z)", 16), "output": ("f̂", 2),
    }  # fmt: skip


def test_blocks_of_a_kernel_are_shown_under_their_names():
    shown = limiting_kernel(unit((2, 3)), activation="erf", noise=LearnedNoise(0.5))._repr_html_()
    for name in ("Kernel Θ", "decoder", "mean", "scale"):
        assert f"{name}<" in shown or f"{name}:" in shown or f"{name} :" in shown, name
    assert "XX" not in shown


def test_a_movement_is_refused_only_beyond_round_off_whatever_the_units():
    basis = np.linalg.qr(RNG.standard_normal((3, 3)))[0]

    def block(smallest):
        return basis @ np.diag([4.0, 1.0, smallest]) @ basis.T

    along = np.broadcast_to(basis[:, 2:], (2, 3, 1))
    for size in (1e-6, 1.0, 1e6):
        for length in (1e-4, 1.0, 1e4):
            assert (movement(size * block(-1e-11), length * along) < 1e-4 * size**0.5 * length).all()
            with pytest.raises(ValueError, match="not positive semidefinite"):
                movement(size * block(-1e-7), length * along)
    np.testing.assert_allclose(movement(block(0.25), 2 * along), 1.0)


@pytest.mark.parametrize("shape", [(), (4,), (4, 3), (2, 3, 4), (3, 3), (5, 3, 3)])
def test_kernels_that_do_not_fit_a_limit_are_refused(shape):
    with pytest.raises(ValueError, match="do not fit a limit"):
        limit_distance(np.ones(shape), np.eye(2))


def test_the_distance_to_a_limit_is_that_of_every_matrix_of_a_batch():
    kernels = RNG.standard_normal((3, 2, 4, 4))
    limit = np.array([[2.0, 1.0], [1.0, 2.0]])
    whole = np.array([[2.0, 0, 1, 0], [0, 2, 0, 1], [1, 0, 2, 0], [0, 1, 0, 2]])
    expected = [[np.linalg.svd(k - whole, compute_uv=False)[0] for k in row] for row in kernels]
    np.testing.assert_allclose(limit_distance(kernels, limit), expected)


def test_activations_travel_and_built_in_ones_stay_the_same_object():
    assert pickle.loads(pickle.dumps(SIN)) is SIN
    own = Activation("own", np.multiply, np.add, kinks=(0.5,))
    made = pickle.loads(pickle.dumps(own))
    assert made == own
    assert (made.name, made.kinks) == ("own", (0.5,))
    alike = Activation("sin", np.multiply, np.add)  # called like a built-in one, and another
    assert pickle.loads(pickle.dumps(alike)).function is np.multiply


def test_a_problem_holds_arrays_of_its_own_and_the_activation_itself():
    problem = Problem([[1, 0], [0, 1]], [[1], [2]], "sin", FixedNoise(1.0))  # pyright: ignore[reportArgumentType]
    for array in (problem.inputs, problem.targets):
        assert isinstance(array, np.ndarray)
        assert array.dtype == np.float64
    assert problem.activation is SIN


@pytest.mark.parametrize("activation", ["erf", "relu"])
def test_many_inputs_under_fixed_noise_have_the_kernel_of_few(activation, monkeypatch):
    x = unit((12, 3))
    few = limiting_kernel(x, activation=activation, noise=FixedNoise(0.6))
    monkeypatch.setattr(module, "MANY", 10)
    many = limiting_kernel(x, activation=activation, noise=FixedNoise(0.6))
    for block in ("decoder", "mean", "scale"):
        np.testing.assert_allclose(getattr(many, block), getattr(few, block), rtol=1e-9, atol=1e-12)


def test_cached_quadratures_cannot_be_written_to():
    for array in (*half_normal(20), *normal(0.5)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_a_growing_decoder_is_followed_to_nine_digits():
    """One input, one output: da/dτ = 2 (κ/β) e² a with e = -y/(1 + κa/β), that is log a + 2c + c²/2 = 2κy²τ/β."""
    variance, beta, y, start = 0.49, 0.3, 1.3, 2.0
    times = np.array([0.0, 0.4, 1.0])
    grown = decoder_growth(
        [[1.0]], [[y]], [[start]], times, activation="sin", noise=FixedNoise(0.7), beta=beta
    )[:, 0, 0]  # fmt: skip
    ratio = np.exp(-variance) / beta

    def clock(a):
        c = ratio * a
        return np.log(a) + 2 * c + c**2 / 2

    np.testing.assert_allclose(clock(grown) - clock(start), 2 * ratio * y**2 * times, rtol=2e-8, atol=1e-12)
