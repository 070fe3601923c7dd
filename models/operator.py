"""Θ(X, X) as an operator: products Θ e = J (Jᵀ e) streamed over blocks of units, no (n d)² matrix, and its spectrum.

A product costs m n (p + d) operations where the matrix costs m n² d² / 2 once: for many inputs or outputs its extreme
eigenvalues are found by Lanczos (ARPACK, ``scipy.sparse.linalg.eigsh``) before the matrix would be there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.sparse import diags_array
from scipy.sparse.linalg import ArpackError, LinearOperator, aslinearoperator, eigsh
from torch import Tensor

from models.checked import of_kind, positive_number, whole_number
from models.memory import block_size
from models.objective import pullback, pushforward
from models.stream import Network

__all__ = ["largest_eigenvalue", "limit_operator", "smallest_eigenvalue", "spectral_norm", "tangent_operator"]

DIRECT = 32
"""Up to this size a product with the identity takes no longer than a few steps of Lanczos."""

DENSE = 4096
"""Up to this size (134 MB) the matrix is written down where Lanczos does not converge: clustered eigenvalues near 0."""

SHIFTED, NOISE = 1e-10, 5e-10
"""Tolerance of the run on the shifted operator, and what it may differ by, relative to the shift 2 ‖·‖₂."""

COARSE, COARSE_VECTORS = 1e-3, 8
"""A tolerance this large is met before ARPACK's usual 20 vectors are there."""


def tangent_operator(network: Network, x: Any, *, block: int | None = None) -> LinearOperator:
    """Θ(X, X) of one network, or of a stream, as a SciPy operator on vectors of length n d, the outputs innermost.

    Units are taken ``block`` at a time (chosen to fit the cache if None) and their features computed anew in every
    product, so the memory needed does not grow with the width. Operators can be added, scaled and multiplied. Raises
    ValueError for a batch of networks, inputs that do not fit or ``block`` below 1, TypeError without a network.
    """
    of_kind(network, "network", Network)
    if network.batch_shape:
        raise ValueError(f"one network at a time: choose a replicate out of {tuple(network.batch_shape)}")
    x, block = network.as_inputs(x), None if block is None else whole_number(block, "block")

    def apply(e: Float[ndarray, "nd k"]) -> Float[ndarray, "nd k"]:
        """Θ e for k vectors at once: the features of a block of units serve all of them."""
        vectors = torch.as_tensor(np.ascontiguousarray(e.T)).to(x).unflatten(1, (len(x), -1))
        return _image(network, x, vectors, block).flatten(1).T.cpu().numpy()

    return _symmetric(len(x) * network.outputs, apply, x.cpu().numpy().dtype)


def limit_operator(kernel: Float[ndarray, "n n"], outputs: int) -> LinearOperator:
    """A kernel (n, n) acting as Θ ⊗ I_d: what a measured kernel is compared with."""
    kernel = np.asarray(kernel)

    def apply(e: Float[ndarray, "nd k"]) -> Float[ndarray, "nd k"]:
        return (kernel @ e.reshape(len(kernel), -1)).reshape(e.shape)

    return _symmetric(len(kernel) * outputs, apply, kernel.dtype)


def largest_eigenvalue(operator: LinearOperator, tolerance: float = 1e-8) -> float:
    """λ_max of a symmetric operator, to that relative accuracy.

    Raises ValueError, as the others do, for a tolerance outside (0, 1) and RuntimeError where Lanczos does not end.
    """
    return _extreme(operator, "LA", tolerance)


def smallest_eigenvalue(operator: LinearOperator, tolerance: float = 1e-8) -> float:
    """λ_min of a symmetric operator, to that accuracy relative to itself, or to 1e-9 ‖·‖₂ where that is more.

    The number of products grows like the square root of the condition number: Lanczos converges at both ends of the
    spectrum. ARPACK first moves its start vector into the range of the operator, in which an eigenvalue 0 has no part,
    so a second run on an operator shifted to be definite looks for one below the first.
    """
    found, size, shift = _extreme(operator, "SA", tolerance), operator.shape[0], 2 * spectral_norm(operator, 1e-2)
    if size <= DIRECT or not shift:
        return found
    shifted = operator + aslinearoperator(diags_array(np.full(size, shift, operator.dtype)))
    lowest = _extreme(shifted, "SA", min(tolerance, SHIFTED)) - shift
    return lowest if lowest < found - NOISE * shift else found


def spectral_norm(operator: LinearOperator, tolerance: float = 1e-8) -> float:
    """‖·‖₂ of a symmetric operator, say of a kernel less its limit, to that relative accuracy."""
    return abs(_extreme(operator, "LM", tolerance))


def _image(
    network: Network, x: Float[Tensor, "n p"], vectors: Float[Tensor, "k n d"], block: int | None
) -> Float[Tensor, "k n d"]:
    image = torch.zeros_like(vectors)
    k, n, d = vectors.shape
    size = block or block_size(6 * n + k * (n + d + network.inputs), x.device)
    for part in network.unit_blocks(size):
        features = part.features(x)
        image += pushforward(part, x, features, pullback(part, x, features, vectors))
    return image


def _symmetric(size: int, apply: Callable[[ndarray], ndarray], dtype: Any) -> LinearOperator:
    def one(e: ndarray) -> ndarray:
        return apply(e.reshape(-1, 1)).reshape(e.shape)

    return LinearOperator((size, size), matvec=one, rmatvec=one, matmat=apply, rmatmat=apply, dtype=dtype)  # pyright: ignore[reportCallIssue]


def _extreme(operator: LinearOperator, which: str, tolerance: float) -> float:
    tolerance, size = positive_number(tolerance, "tolerance"), operator.shape[0]
    if tolerance >= 1:
        raise ValueError(f"tolerance must be below 1, got {tolerance:g}")
    if size <= DIRECT:
        return _dense_extreme(operator, which)
    start = np.random.default_rng(0).standard_normal(size).astype(operator.dtype)  # ARPACK's own cannot be repeated
    if not np.any(operator @ start):  # no direction that it leaves standing: it is zero
        return 0.0
    vectors = COARSE_VECTORS if tolerance >= COARSE else None
    restarts = max(10, size // 10) if size <= DENSE else None  # some ten products each: then the matrix is cheaper
    options: dict[str, Any] = {"which": which, "tol": tolerance, "v0": start, "ncv": vectors, "maxiter": restarts}
    try:
        return float(np.asarray(eigsh(operator, k=1, return_eigenvectors=False, **options))[0])
    except ArpackError as error:
        if size <= DENSE:
            return _dense_extreme(operator, which)
        words = " ".join(str(error).split())
        raise RuntimeError(f"no extreme eigenvalue of {size} to a tolerance of {tolerance:g}: {words}") from None


def _dense_extreme(operator: LinearOperator, which: str) -> float:
    matrix = np.asarray(operator @ np.eye(operator.shape[0], dtype=operator.dtype))
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    return float({"LA": values[-1], "SA": values[0], "LM": values[np.abs(values).argmax()]}[which])
