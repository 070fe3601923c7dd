"""End points against brute force: least squares in the space of the weights, and means over Gaussian grids."""

import numpy as np
import pytest
from scipy.special import erf

from theorems.collapsed import (
    collapsed_gain,
    collapsed_ridge,
    decoder_growth,
    learned_noise_collapse,
    relative_movement,
)
from theorems.regressions import (
    KernelRegression,
    coordinates,
    decoder_ridgeless,
    plain_ridge,
    preconditioned_ridge,
    shrinkage,
)
from theorems.setting import FixedNoise, LearnedNoise

ACTIVATIONS = ("erf", "relu", "sin")
SCALE = 0.8
FIXED = {"noise": FixedNoise(SCALE), "beta": 0.3}
FIXED_NOISE = (plain_ridge, preconditioned_ridge, decoder_ridgeless, collapsed_ridge)


CLOSE = np.array([[1.0, 0.0], [1.0, 1e-10]])
"""Independent but for what counts as round-off."""


def sphere(rng, n, p):
    x = rng.standard_normal((n, p))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def slope(name, u, s):
    """h_u = E ψ'(u + sε) in closed form."""
    if name == "erf":
        return 2 / np.sqrt(np.pi * (1 + 2 * s**2)) * np.exp(-(u**2) / (1 + 2 * s**2))
    return (1 + erf(u / s / np.sqrt(2))) / 2 if name == "relu" else np.exp(-(s**2) / 2) * np.cos(u)


@pytest.fixture
def rng():
    return np.random.default_rng(2)


def grid(nodes=220, reach=9.0):
    """A trapezoidal rule for N(0, 1): exact to round-off for what is smooth."""
    a = np.linspace(-reach, reach, nodes)
    w = np.exp(-(a**2) / 2)
    return a, w / w.sum()


def mean_of_slopes(name, rho):
    """E h_u(x) h_u(x') with <x, x'> = ρ, on a grid."""
    a, w = grid()
    u = np.broadcast_to(a[:, None], (len(a), len(a)))
    other = rho * u + np.sqrt(1 - rho**2) * a
    return w @ (slope(name, u, SCALE) * slope(name, other, SCALE)) @ w


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_kernels_are_their_definitions(rng, name, shape):
    """σ0² E[h_u h'_u] xᵀ(XᵀX)⁺x' and E[h_u h'_u] xᵀx' with the means from a grid."""
    x, z = sphere(rng, *shape), sphere(rng, 2, shape[1])
    means = np.array([[mean_of_slopes(name, a @ b) for b in x] for a in z])
    inner = z @ np.linalg.pinv(x.T @ x) @ x.T
    assert preconditioned_ridge(x, z, activation=name, **FIXED).cross == pytest.approx(SCALE**2 * means * inner, 1e-9)
    assert plain_ridge(x, z, activation=name, **FIXED).cross == pytest.approx(means * (z @ x.T), 1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
def test_the_collapsed_kernel_is_its_definition(rng, name, shape):
    x, z = sphere(rng, *shape), sphere(rng, 2, shape[1])
    hat = x.T @ np.linalg.pinv(x @ x.T) @ x
    a, w = grid()
    lengths = np.linalg.norm(z - z @ hat, axis=1)
    means = np.array([w @ slope(name, length * a, SCALE) for length in lengths])
    expected = means[:, None] * slope(name, 0.0, SCALE) * (z @ np.linalg.pinv(x.T @ x) @ x.T)
    made = collapsed_ridge(x, z, activation=name, **FIXED)
    assert made.cross == pytest.approx(expected, abs=1e-12)
    assert made.gram == pytest.approx(slope(name, 0.0, SCALE) ** 2 * x @ np.linalg.pinv(x), abs=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gain_of_collapsed_learned_noise(name):
    """h_u(0, 1)² + ½ h_s(0, 1)², the latter from a difference quotient of h(0, s) = E ψ(sε)."""
    h = {"relu": lambda s: s / np.sqrt(2 * np.pi), "erf": lambda s: 0 * s, "sin": lambda s: 0 * s}[name]
    h_s = (h(1 + 1e-5) - h(1 - 1e-5)) / 2e-5
    assert collapsed_gain(name) == pytest.approx(slope(name, 0.0, 1.0) ** 2 + h_s**2 / 2, rel=1e-9)


def least_squares(features, hessian_root, beta, residual):
    """ΔW that minimises ½‖J ΔW - r0‖² + ½ β ‖R ΔW‖², by one stacked least-squares problem."""
    stacked = np.concatenate([features, np.sqrt(beta) * hessian_root])
    return np.linalg.lstsq(stacked, np.concatenate([residual, np.zeros(len(hessian_root))]), rcond=1e-13)[0]


@pytest.mark.parametrize("shape", [(3, 5), (5, 3)])
@pytest.mark.parametrize("latent", [True, False])
def test_the_minimiser_in_weight_space_is_the_regression(rng, shape, latent):
    """Thirty units, their own kernel JH⁺Jᵀ: the quadratic problem is solved over all the weights."""
    (n, p), units, beta = shape, 30, 0.4
    x, z, y, z0 = sphere(rng, n, p), sphere(rng, 2, p), rng.standard_normal(n), rng.standard_normal(2)
    w, v, f0 = rng.standard_normal((units, p)), rng.standard_normal(units), rng.standard_normal(n)

    def features(points):
        gains = v * slope("erf", points @ w.T, SCALE) / np.sqrt(units)
        return (gains[:, :, None] * points[:, None, :]).reshape(len(points), -1)

    root = np.kron(np.eye(units), (x if latent else np.eye(p)) / SCALE)
    moved = least_squares(features(x), root, beta, y - f0)
    inverse = np.linalg.pinv(root.T @ root)
    made = KernelRegression(features(x) @ inverse @ features(x).T, features(z) @ inverse @ features(x).T, beta)
    assert made.fitted(y[:, None], f0[:, None])[:, 0] == pytest.approx(f0 + features(x) @ moved, abs=1e-10)
    start = {"start": f0[:, None], "start_unseen": z0[:, None]}
    assert made.unseen(y[:, None], **start)[:, 0] == pytest.approx(z0 + features(z) @ moved, abs=1e-10)


def test_independent_inputs_shrink_alike(rng):
    x, y, f0 = sphere(rng, 3, 5), rng.standard_normal((3, 2)), rng.standard_normal((4, 3, 2))
    for name in ACTIVATIONS:
        made = preconditioned_ridge(x, x, activation=name, **FIXED)
        share = shrinkage(activation=name, **FIXED)
        assert y - made.fitted(y, f0) == pytest.approx(share * (y - f0), abs=1e-12)
        assert made.unseen(y, f0, f0) == pytest.approx(made.fitted(y, f0), abs=1e-12)


def test_plain_and_preconditioned_ridge_coincide_where_they_should(rng):
    """Orthonormal inputs and a single one at the same β; on a tight frame XᵀX = (n/p) I with β_A = (n/p) β_B."""
    angles = 2 * np.pi * np.arange(5) / 5
    frame = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for x, ratio in ((np.eye(4)[:3], 1.0), (sphere(rng, 1, 4), 1.0), (frame, 2.5)):
        y, z = rng.standard_normal((len(x), 2)), sphere(rng, 3, x.shape[1])
        plain = plain_ridge(x, z, activation="relu", noise=FixedNoise(SCALE), beta=0.3 * ratio)
        latent = preconditioned_ridge(x, z, activation="relu", noise=FixedNoise(SCALE), beta=0.3)
        assert plain.fitted(y) == pytest.approx(latent.fitted(y), abs=1e-12)
        assert plain.unseen(y) == pytest.approx(latent.unseen(y), abs=1e-12)


@pytest.mark.parametrize("prediction", FIXED_NOISE)
def test_the_path_in_beta_runs_from_interpolation_to_the_start(rng, prediction):
    x, y, f0 = sphere(rng, 3, 5), rng.standard_normal((3, 2)), rng.standard_normal((3, 2))
    given = {"activation": "erf", "noise": FixedNoise(SCALE)}
    assert prediction(x, x, beta=1e-13, **given).fitted(y, f0) == pytest.approx(y, abs=1e-11)
    if prediction is not decoder_ridgeless:
        assert prediction(x, x, beta=1e13, **given).fitted(y, f0) == pytest.approx(f0, abs=1e-11)


def test_the_decoder_interpolates_whatever_beta(rng):
    x, z, y = sphere(rng, 4, 3), sphere(rng, 2, 3), rng.standard_normal((4, 2))
    some, more = (decoder_ridgeless(x, z, activation="sin", noise=FixedNoise(1.0), beta=b) for b in (0.1, 10.0))
    assert some.fitted(y) == pytest.approx(y, abs=1e-9)
    assert (some.unseen(y) == more.unseen(y)).all()


def test_coordinates_of_points_in_the_span(rng):
    x = sphere(rng, 3, 5)
    weights = rng.standard_normal((2, 3))
    assert coordinates(x, weights @ x) == pytest.approx(weights, abs=1e-12)


def test_movement_counts_the_directions_of_the_inputs(rng):
    x = sphere(rng, 3, 5)
    assert relative_movement(x) == pytest.approx(np.sqrt(3 / 5))
    assert relative_movement(np.concatenate([x, x[:1]])) == pytest.approx(np.sqrt(3 / 5))
    assert relative_movement(sphere(rng, 6, 5)) == 1.0


def test_the_decoder_grows_as_its_units_do(rng):
    """Forty units in small explicit steps: dv_r/dτ = (κ/β) EᵀPE v_r, E from f(X) = -(κ/β) P E VᵀV/m by iteration."""
    x, y, v = sphere(rng, 3, 2), sphere(rng, 3, 2), rng.standard_normal((40, 2))
    start, ratio, steps = v.T @ v / 40, slope("sin", 0.0, SCALE) ** 2 / FIXED["beta"], 4000
    hat = x @ np.linalg.pinv(x)
    for _ in range(steps):
        a, e = v.T @ v / 40, -y
        for _ in range(60):
            e = 0.5 * e + 0.5 * (-y - ratio * hat @ e @ a)
        v = v + 0.5 / steps * ratio * v @ (e.T @ hat @ e)
    made = decoder_growth(x, y, np.stack([start, np.eye(2)]), np.array([0.0, 0.5]), activation="sin", **FIXED)
    nothing = decoder_growth(x, y, np.stack([start, np.eye(2)]), np.zeros(2), activation="sin", **FIXED)
    np.testing.assert_array_equal(nothing, np.stack([start, start, np.eye(2), np.eye(2)]).reshape(2, 2, 2, 2))
    assert made.shape == (2, 2, 2, 2)
    assert made[0, 0] == pytest.approx(start)
    assert made[0, 1] == pytest.approx(v.T @ v / 40, rel=2e-3)


def test_one_output_grows_by_its_closed_form():
    """n = d = 1: dA/dτ = 2kAy²/(1 + kA)², so [log A + 2kA + k²A²/2] = 2ky²τ."""
    x, y, k = np.array([[1.0]]), np.array([[0.7]]), slope("erf", 0.0, SCALE) ** 2 / FIXED["beta"]
    end = decoder_growth(x, y, np.array([[1.0]]), np.array([2.0]), activation="erf", **FIXED)[0, 0, 0]

    def level(a):
        return np.log(a) + 2 * k * a + (k * a) ** 2 / 2

    assert level(end) - level(1.0) == pytest.approx(2 * k * 0.49 * 2.0, rel=1e-7)


def test_learned_noise_collapse(rng):
    x, y = sphere(rng, 3, 5), rng.standard_normal((3, 2))
    made = learned_noise_collapse(x, x, activation="relu", noise=LearnedNoise(1.0), beta=0.2)
    gain = 0.25 + 1 / (4 * np.pi)
    assert made.fitted(y) == pytest.approx(gain / (gain + 0.2) * y)
    assert made.unseen(y).shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: plain_ridge(x, x, activation="erf", noise=FixedNoise(1.0), beta=-1.0), "beta"),
        (lambda x: preconditioned_ridge(x, x, activation="erf", noise=FixedNoise(0.0), beta=1.0), "above 0"),
        (lambda x: preconditioned_ridge(x, x, activation="erf", noise=LearnedNoise(1.0), beta=1.0), "fixed noise"),
        (lambda x: decoder_ridgeless(x, x, activation="erf", noise=FixedNoise(1.0), beta=0.0), "must be positive"),
        (lambda x: collapsed_ridge(x, x, activation="erf", noise=FixedNoise(1.0), beta=np.inf), "finite"),
        (lambda x: learned_noise_collapse(x, x, activation="erf", noise=FixedNoise(1.0), beta=1.0), "learned noise"),
        (lambda x: learned_noise_collapse(x, x, activation="erf", noise=LearnedNoise(), beta=1.0), "independent"),
        (lambda x: learned_noise_collapse(CLOSE, x, activation="erf", noise=LearnedNoise(), beta=1.0), "independent"),
        (lambda x: decoder_growth(x, x, np.eye(2), np.ones(1), activation="relu", **FIXED), "vanishes"),
        (lambda x: decoder_growth(x, x, np.eye(2), np.ones((1, 1)), activation="erf", **FIXED), "expected a vector"),
        (
            lambda x: decoder_growth(x, x, np.eye(2), np.ones(1), activation="erf", noise=FixedNoise(1), beta=0),
            "positive",
        ),
        (lambda x: collapsed_ridge(2 * x, x, activation="erf", **FIXED), "inputs: row 0 .* has norm 2"),
        (lambda x: collapsed_ridge(x, 2 * x, activation="erf", **FIXED), "unseen: row 0 .* has norm 2"),
        (lambda x: decoder_growth(x, x, np.eye(2), np.array([2.0, 1.0]), activation="erf", **FIXED), "increasing"),
        (lambda x: decoder_growth(x, x, np.eye(3), np.ones(1), activation="erf", **FIXED), "do not fit"),
        (lambda x: plain_ridge(x, x, activation="erf", **FIXED).fitted(x * np.nan), "targets: every value"),
        (lambda x: plain_ridge(x, x, activation="erf", **FIXED).unseen(x, x), "go together"),
        (lambda x: shrinkage(activation="erf", noise=FixedNoise(1.0), beta=-2.0), "beta"),
        (lambda x: KernelRegression(np.eye(2), np.ones((1, 3)), 0.1), "no regression"),
        (lambda x: KernelRegression(np.eye(2), np.ones((1, 2)), -0.1), "^ridge must"),
        (lambda x: KernelRegression(np.eye(2), np.ones((1, 2)), 0.1).fitted(np.ones((3, 1))), "do not fit"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]))
