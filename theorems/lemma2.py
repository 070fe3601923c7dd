r"""Lemma 2: the smallest eigenvalue at initialisation.

Source: the paper in words, constants reconstructed. The width condition carries a free constant C and is astronomical,
so it is no premise of the check; with C = 1 it is reported beside the smallest width that worked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from claimtest.claim import Claim, Provenance, Reading
from theorems.blocks import KernelBlocks
from theorems.checked import above_zero, checked, count, matrix, numbers

__all__ = [
    "DELTA",
    "LEMMA2",
    "closeness_defect",
    "derived_eigenvalue_width",
    "derived_width",
    "eigenvalue_share",
    "stated_width",
]

BLOCKS = ("decoder", "mean", "scale")

DELTA = 0.1
"""Probability of failure at which the lemma is judged."""

LEMMA2 = Claim(
    id="lemma2",
    title="Lemma 2: the smallest eigenvalue at initialisation",
    statement=(
        r"If the width is large enough then, with probability at least $1 - \delta$ over the initialisation, "
        r"$\Theta(0)$ is close to its limit, and its smallest eigenvalue keeps three quarters of $\lambda_0 = "
        r"\lambda_{\min}(\Theta_\infty)$."
    ),
    formula=(
        r"m \ge C \frac{n^2 d^2}{\lambda_0^2} \log\frac{nd}{\delta} \;\Rightarrow\; "
        r"\|\Theta(0) - \Theta_\infty \otimes I\|_2 \le \frac{\lambda_0}{4}, \quad "
        r"\lambda_{\min}(\Theta(0)) \ge \frac{3}{4} \lambda_0"
    ),
    premises=(r"$\|x_i\| = 1$", r"$\lambda_0 > 0$: no two inputs are parallel"),
    provenance=(Provenance.PAPER, Provenance.RECONSTRUCTED),
    provenance_note=(
        "The paper states it in words; the constants 1/4 and 3/4 and the condition on the width are the usual ones. "
        "C depends on the activation and the noise: products of Gaussians ask for a Bernstein bound."
    ),
    readings=(
        Reading(
            "eigenvalue",
            "(b) The smallest eigenvalue",
            r"From some width on, $\lambda_{\min}(\Theta(0)) \ge \frac{3}{4}\lambda_0$ in at least $90\,\%$ of the "
            r"replicates, and so for each block with $\lambda_0^b > 0$ whose derived width the ladder reaches.",
            Provenance.RECONSTRUCTED,
        ),
        Reading(
            "closeness",
            "(a) Closeness in spectral norm",
            r"From some width on, $\|\Theta(0) - \Theta_\infty \otimes I\|_2 \le \lambda_0/4$ in at least $90\,\%$ of "
            r"the replicates, and so for each block with $\lambda_0^b > 0$ whose derived width the ladder reaches.",
            Provenance.RECONSTRUCTED,
        ),
    ),
    depends_on=("lemma1",),
)


@checked(n=count, d=count, smallest=above_zero, delta=above_zero, constant=above_zero)
def stated_width(n: int, d: int, smallest: float, delta: float = DELTA, constant: float = 1.0) -> float:
    """C n² d² / λ0² · log(nd/δ), the width that the lemma asks for."""
    return constant * n**2 * d**2 / smallest**2 * math.log(n * d / delta)


def _block_of(value: Any, name: str) -> str:
    if not isinstance(value, str) or value not in ("total", *BLOCKS):
        raise ValueError(f"{name}: expected total, {', '.join(BLOCKS)}")
    return value


def _square_blocks(value: Any, name: str) -> KernelBlocks:
    if not isinstance(value, KernelBlocks):
        raise ValueError(f"{name}: expected the blocks of a kernel, KernelBlocks")
    blocks = [matrix(getattr(value, block), f"{name}, {block} block") for block in BLOCKS]
    if any(block.shape != (len(blocks[0]),) * 2 for block in blocks):
        raise ValueError(f"{name}: expected square blocks of one size")
    return KernelBlocks(*blocks)


@checked(inputs=matrix, outputs=count, kernel=_square_blocks, block=_block_of)
def derived_width(inputs: Float[ndarray, "n p"], outputs: int, kernel: KernelBlocks, block: str = "total") -> float:
    """The width that a matrix Bernstein bound asks for (a) of a block, up to a constant and a logarithm. [derived]

        ν^d / λ0^d²,   ν^d = n Θ^d∞(1) λ_max^d            ν^b / λ0^b²,   ν^b = (d + 2) Θ^b∞(1) ‖XXᵀ‖ λ_max^b  (b = μ, σ)

    and (ν^d + ν^μ + ν^σ)/λ0² for the sum. One unit contributes A = hhᵀ ⊗ I or vvᵀ ⊗ (XXᵀ ∘ hhᵀ); ν bounds ‖E A²‖ with
    E(vvᵀ)² = (d+2) I and B² ⪯ ‖B‖ B, ‖B‖ <= ‖XXᵀ‖ max_i h_i². Infinite where the block is singular, λ0^b <= 1e-9.
    Raises ValueError unless the kernel's blocks are (n, n), and for the name of no block.
    """
    sizes = _unit_sizes(inputs, outputs, kernel)
    moments = {name: size * np.linalg.eigvalsh(getattr(kernel, name))[-1] for name, size in sizes.items()}
    return _width(moments, kernel, block, power=2)


@checked(inputs=matrix, outputs=count, kernel=_square_blocks, block=_block_of)
def derived_eigenvalue_width(
    inputs: Float[ndarray, "n p"], outputs: int, kernel: KernelBlocks, block: str = "total"
) -> float:
    """The width that a matrix Chernoff bound asks for (b) of a block, up to a constant and a logarithm. [derived]

        L^b / λ0^b,   L^d = n Θ^d∞(1),   L^b = (d + 2) Θ^b∞(1) ‖XXᵀ‖ (b = μ, σ)

    and (L^d + L^μ + L^σ)/λ0 for the sum. Units contribute positive semi-definite A, of mean Θ^b∞ ⊗ I. Were all of them
    at most L, P(λ_min <= (1 - ε) λ0) <= nd e^{-ε² m λ0/(2 L)}: the lower tail costs λ0 once, closeness costs it twice.
    Products of Gaussians have no bound, so L is their size in `derived_width`. Arguments and errors as there.
    """
    return _width(_unit_sizes(inputs, outputs, kernel), kernel, block, power=1)


def _unit_sizes(inputs: Float[ndarray, "n p"], outputs: int, kernel: KernelBlocks) -> dict[str, float]:
    """L^b: how large, in spectral norm, what one unit contributes to a block is."""
    if len(kernel.mean) != len(inputs):
        raise ValueError(f"kernel: expected blocks of {len(inputs)} inputs, got {len(kernel.mean)}")
    spread = float(np.linalg.norm(inputs @ inputs.T, 2))
    sizes = {"decoder": len(inputs), "mean": (outputs + 2) * spread, "scale": (outputs + 2) * spread}
    return {name: size * getattr(kernel, name)[0, 0] for name, size in sizes.items()}


def _width(costs: Mapping[str, float], kernel: KernelBlocks, block: str, power: int) -> float:
    """The cost of a block, or of all, over λ0^power."""
    smallest = float(np.linalg.eigvalsh(getattr(kernel, block))[0])
    if smallest <= 1e-9:
        return math.inf
    return float(sum(costs.values()) if block == "total" else costs[block]) / smallest**power


@checked(eigenvalue=numbers, smallest=above_zero)
def eigenvalue_share(eigenvalue: Float[ndarray, ...], smallest: float) -> Float[ndarray, ...]:
    """λ_min(Θ(0)) / (¾ λ0): (b) says that it is at least 1."""
    return eigenvalue / (0.75 * smallest)


@checked(distance=numbers, smallest=above_zero)
def closeness_defect(distance: Float[ndarray, ...], smallest: float) -> Float[ndarray, ...]:
    """‖Θ(0) - Θ∞⊗I‖₂ / (λ0/4): (a) says that it is at most 1."""
    return distance / (0.25 * smallest)
