"""Four published scores of disentanglement, each from a table of codes: one row per image of a grid of factors.

All see the posterior means of the images and the indices of their factors, and run from 0 to 1. Where the papers and
the code that others compare with (disentanglement_lib, Locatello et al. 2019) differ in a constant, the docstring says
which was taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from models.factors import FactorGrid

__all__ = ["METRICS", "dci_disentanglement", "factor_vae_score", "mutual_information_gap", "sap_score", "scores"]

Codes = Float[ndarray, "N L"]

COLLAPSED = 0.05
"""Standard deviation of its posterior means below which FactorVAE's score leaves a dimension out."""

VOTES, BATCH = 2000, 64
"""Votes that train the classifier, and as many that test it; images behind each vote."""

FOREST_ROWS, TREES = 1500, 5
"""Images that DCI's forests are grown on, and trees of each."""

SAP_ROWS = 3000
"""Images of SAP, half to fit thresholds and half to judge them."""


def factor_vae_score(codes: Codes, grid: FactorGrid, rng: np.random.Generator) -> float:
    """FactorVAE's score (Kim & Mnih 2018, §4): accuracy of a majority vote for the factor that was held fixed.

    A vote: one factor is fixed, the others vary over a batch; the dimension whose variance, over that of all data, is
    least votes for it. Kim & Mnih train on 800 votes, disentanglement_lib on 10 000 of 64 images and tests on 5000;
    here 2000 and 2000 others of 64, a standard error of at most 0.011. Collapsed dimensions must not vote; the paper
    goes by its empirical variance without a number, the library keeps all by default: here those with a standard
    deviation of at least 0.05 vote. Without any the score is 0, as in the library; chance is 1/K.
    """
    spread = codes.std(axis=0)
    kept = spread >= COLLAPSED
    if not kept.any():
        return 0.0
    scaled = np.ascontiguousarray((codes / np.where(kept, spread, 1))[:, kept], dtype=np.float32)
    strides = np.cumprod((1, *grid.sizes[:0:-1]))[::-1]
    fixed = rng.integers(len(grid.sizes), size=2 * VOTES)
    votes = np.empty(2 * VOTES, dtype=int)
    for vote, factor in enumerate(fixed):
        values = np.stack([rng.integers(size, size=BATCH) for size in grid.sizes], axis=1)
        values[:, factor] = values[0, factor]
        votes[vote] = scaled[values @ strides].var(axis=0).argmin()
    table = np.zeros((scaled.shape[1], len(grid.sizes)), dtype=int)
    np.add.at(table, (votes[:VOTES], fixed[:VOTES]), 1)
    return float((table.argmax(axis=1)[votes[VOTES:]] == fixed[VOTES:]).mean())


def mutual_information_gap(codes: Codes, grid: FactorGrid, rng: np.random.Generator) -> float:
    """MIG (Chen et al. 2018, §4.1): the gap between the two largest I(z_j; v_k) over H(v_k), mean over factors.

    Chen et al. take I of the sampled z by the encoder's densities; disentanglement_lib, and we, that of the posterior
    means in a histogram. The library has 20 bins of equal width on 10 000 images; here as many bins as the largest
    factor has values, at least 20, since fewer could not tell those values apart, and all images.
    """
    bins = max(20, *grid.sizes)
    low, reach = codes.min(axis=0), np.ptp(codes, axis=0)
    binned = np.minimum((codes - low) / np.where(reach > 0, reach, 1) * bins, bins - 1).astype(np.int64)
    gaps = []
    for size, values in zip(grid.sizes, grid.factors.T, strict=True):
        shared = [_mutual_information(column, values, bins, size) for column in binned.T]
        second, first = ([0.0, *sorted(shared)])[-2:]
        gaps.append((first - second) / math.log(size) if size > 1 else 0.0)
    return float(np.mean(gaps))


def _mutual_information(a: Int[ndarray, " N"], b: Int[ndarray, " N"], sizes_a: int, sizes_b: int) -> float:
    """Plug-in estimate in nats."""
    joint = np.bincount(a * sizes_b + b, minlength=sizes_a * sizes_b).reshape(sizes_a, sizes_b) / len(a)
    product = joint.sum(1, keepdims=True) * joint.sum(0)
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / product[there])).sum())


def dci_disentanglement(codes: Codes, grid: FactorGrid, rng: np.random.Generator) -> float:
    """The D of DCI (Eastwood & Williams 2018, §2): does each dimension matter to one factor only?

    R_jk is the importance of dimension j in predicting factor k; D = Σ_j ρ_j (1 - H_K(R_j·/Σ_k R_jk)) with entropy to
    the base K and ρ_j the share of row j in all of R. The paper takes R from the lasso or from random forests tuned by
    cross-validation; disentanglement_lib from gradient-boosted trees, which take minutes on 200 dimensions and many
    values. Here forests of 5 trees on 1500 images, all dimensions tried at every split: regressors for factors with an
    order, as in the paper, classifiers for those without.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor  # slow to load, and seldom needed

    rows = rng.choice(len(codes), min(FOREST_ROWS, len(codes)), replace=False)
    x, importance = np.asarray(codes[rows], dtype=np.float32), []
    for category, values in zip(grid.categories, grid.factors[rows].T, strict=True):
        kind: Any = RandomForestClassifier if category else RandomForestRegressor
        forest = kind(TREES, max_features=1.0, min_samples_leaf=10, random_state=int(rng.integers(2**31)))
        importance.append(forest.fit(x, values).feature_importances_)
    return _weighted_disentanglement(np.stack(importance, axis=1))


def _weighted_disentanglement(r: Float[ndarray, "L K"]) -> float:
    """D = Σ_j ρ_j (1 - H_K(P_j·)) of importances R_jk >= 0; 0 where nothing matters."""
    whole = r.sum()
    if whole <= 0:
        return 0.0
    rows_sum = r.sum(axis=1)
    p = r / np.where(rows_sum > 0, rows_sum, 1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(p > 0, p * np.log(p), 0).sum(axis=1) / math.log(max(r.shape[1], 2))
    return float((rows_sum / whole * (1 - entropy)).sum())


def sap_score(codes: Codes, grid: FactorGrid, rng: np.random.Generator) -> float:
    """SAP (Kumar et al. 2018, §3): the gap between the two dimensions that predict a factor best, mean over factors.

    For factors with an order the prediction is linear and scored by R², as in the paper (disentanglement_lib treats
    every factor of dSprites as a class and fits linear support vectors). For others the paper fits thresholds to one
    dimension and scores the balanced accuracy on other images: here by a tree with as many leaves as classes. Chance is
    taken off and the score rescaled, (accuracy - 1/C)/(1 - 1/C), or classes could never reach a gap of 1.
    """
    rows = rng.choice(len(codes), min(SAP_ROWS, len(codes)), replace=False)
    x, gaps = np.asarray(codes[rows], dtype=np.float64), []
    for category, size, values in zip(grid.categories, grid.sizes, grid.factors[rows].T, strict=True):
        reached = _class_accuracy(x, values, size) if category else _squared_correlation(x, values)
        second, first = np.sort(np.append(reached, 0.0))[-2:]
        gaps.append(first - second)
    return float(np.mean(gaps))


def _squared_correlation(x: Codes, values: Int[ndarray, " N"]) -> Float[ndarray, " L"]:
    """R² of each dimension alone; 0 where it does not vary."""
    dx, dy = x - x.mean(axis=0), values - values.mean()
    variance = (dx**2).sum(axis=0) * (dy**2).sum()
    return np.where(variance > 1e-12, (dx.T @ dy) ** 2 / np.where(variance > 1e-12, variance, 1), 0.0)


def _class_accuracy(x: Codes, values: Int[ndarray, " N"], classes: int) -> Float[ndarray, " L"]:
    """Balanced accuracy above chance of thresholds on each dimension, on the half that they were not fitted to."""
    from sklearn.tree import DecisionTreeClassifier

    half = len(x) // 2
    tree = DecisionTreeClassifier(max_leaf_nodes=max(classes, 2), class_weight="balanced", random_state=0)
    counts = np.bincount(values[half:], minlength=classes)
    weight = np.where(counts > 0, 1 / np.maximum(counts, 1), 0)[values[half:]] / max((counts > 0).sum(), 1)
    accuracy = np.array([
        ((tree.fit(column[:half, None], values[:half]).predict(column[half:, None]) == values[half:]) * weight).sum()
        for column in x.T
    ])  # fmt: skip
    return np.clip((accuracy - 1 / classes) / (1 - 1 / classes), 0, 1)


METRICS: Mapping[str, Callable[[Codes, FactorGrid, np.random.Generator], float]] = {
    "factorvae": factor_vae_score,
    "mig": mutual_information_gap,
    "dci": dci_disentanglement,
    "sap": sap_score,
}
"""The scores by name."""


def scores(codes: Codes, grid: FactorGrid, rng: np.random.Generator) -> dict[str, float]:
    """All four. Raises ValueError if there is not one row of finite codes for each image."""
    if codes.ndim != 2 or len(codes) != len(grid.images) or not np.isfinite(codes).all():
        raise ValueError(f"codes of shape {codes.shape}, finite or not, for {len(grid.images)} images")
    return {name: metric(codes, grid, rng) for name, metric in METRICS.items()}
