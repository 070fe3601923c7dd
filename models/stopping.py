"""Gradient descent that ends at a stated loss, with a step that needs no kernel in memory.

At n inputs with d outputs Θ is an (n d)² matrix that costs more to build than a network of that size costs to train.
Its largest eigenvalue is found from products Θ e = J (Jᵀ e) alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from models.cell import Cell
from models.checked import finite_number, positive_number, whole_number
from models.objective import loss, pullback
from models.snn import BLOCKS, Features, StochasticNetwork

__all__ = ["Fit", "descend_to_share", "largest_eigenvalue", "pushforward"]


@dataclass(frozen=True, eq=False)
class Fit:
    """Where gradient descent ended: the network, the number of steps it took and its loss as a share of L(0)."""

    network: StochasticNetwork
    steps: int
    share: float


def descend_to_share(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    *,
    step: float,
    share: float,
    most: int = 10_000,
    trainable: Sequence[str] = BLOCKS,
) -> Fit:
    """W ← W - step ∇L(W) until L <= share · L(0), for one network; ``most`` steps are the end of patience.

    The loss is that of the forward pass which the gradient needs anyway. A run that does not get there in ``most``
    steps, or diverges, shows in the ``share`` of the result. Raises ValueError for a batch of networks, a step that is
    not positive, an unknown block or shapes that do not fit.
    """
    if network.batch_shape:
        raise ValueError(f"one network at a time: choose a replicate out of {tuple(network.batch_shape)}")
    step, share, most = positive_number(step, "step"), finite_number(share, "share"), whole_number(most, "most", 0)
    cell = Cell(network, x, y, trainable)
    (group,) = cell.groups
    first, taken, now = None, 0, np.inf
    while True:
        features = group.network.features(cell.x)
        outputs = group.network.combine(features.decoder)
        now = float(loss(outputs, group.y))
        first = now if first is None else first
        if not share * first < now or taken == most:  # a loss that is no number ends here too
            return Fit(cell.snapshot(), taken, now / first)
        group.descend(pullback(group.network, cell.x, features, outputs - group.y, group.gradient), step)
        taken += 1


def largest_eigenvalue(network: StochasticNetwork, x: Any, products: int = 12) -> float:
    """λ_max(Θ) of one network by Lanczos with so many products Θ e, reorthogonalised, from a fixed random start.

    A lower bound that grows with ``products``: with 12 of them within 2 % of λ_max on digits, where a step
    of descent may be off by a factor of two. Raises ValueError for a batch of networks or inputs that do not fit.
    """
    if network.batch_shape:
        raise ValueError(f"one network at a time: choose a replicate out of {tuple(network.batch_shape)}")
    x, products = network.as_inputs(x), whole_number(products, "products")
    features = network.features(x)
    size = len(x) * network.outputs
    basis = [_unit(torch.from_numpy(np.random.default_rng(0).standard_normal(size)).to(x))]
    tridiagonal = np.zeros((min(products, size), min(products, size)))
    for k in range(len(tridiagonal)):
        e = basis[k].reshape(len(x), network.outputs)
        image = pushforward(network, x, features, pullback(network, x, features, e)).reshape(-1)
        tridiagonal[k, k] = float(basis[k] @ image)
        known = torch.stack(basis)
        for _ in range(2):  # twice is enough: Parlett's rule for orthogonality to round-off
            image = image - known.T @ (known @ image)
        norm = float(torch.linalg.vector_norm(image))
        if k + 1 == len(tridiagonal) or norm <= 1e-12 * tridiagonal[0, 0]:
            return float(np.linalg.eigvalsh(tridiagonal[: k + 1, : k + 1])[-1])
        tridiagonal[k, k + 1] = tridiagonal[k + 1, k] = norm
        basis.append(image / norm)
    raise AssertionError("there is at least one product")


def pushforward(
    network: StochasticNetwork, x: Float[Tensor, "n p"], features: Features, change: Mapping[str, Tensor]
) -> Float[Tensor, "*b n d"]:
    """J δ, the first-order change of f under the changes δ of some blocks; the transpose of ``pullback``.

        (J δ)(x_i) = M Σ_r [ δv_r a_r(x_i) + v_r ( b_r(x_i) <δw_r^μ, x_i> + c_r(x_i) <δw_r^σ, x_i> ) ]

    with (a, b, c) the features of unit r.
    """
    total = x.new_zeros(())
    if "decoder" in change:
        total = total + torch.matmul(features.decoder, change["decoder"])
    for name, slope in (("mean", features.mean), ("scale", features.scale)):
        if name in change and slope is not None:
            total = total + torch.matmul(slope * torch.matmul(x, change[name].mT), network.decoder)
    return network.multiplier * total


def _unit(vector: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
    return vector / torch.linalg.vector_norm(vector)
