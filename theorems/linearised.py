"""Training under a constant kernel: dr/dt = -Θ r for the residual r = f - y, and its discrete versions.

Everything is read off the eigenmodes Θ = Q diag(λ) Qᵀ: mode k of the residual decays as e^{-λ_k t} [derived].
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Real
from numpy import ndarray

from theorems.blocks import Numbers
from theorems.checked import above_zero, at_least_zero, checked, count, numbers

__all__ = ["ConstantKernel", "stationary_loss"]


class ConstantKernel:
    """A constant kernel and the training it implies; leading axes ``*b`` are replicates and broadcast.

    ``ConstantKernel(kernel)`` takes a symmetric kernel (*b, n, n) and means Θ ⊗ I_d: it acts on every column of a
    residual (*b, n, d). ``ConstantKernel.full(kernel)`` takes (*b, n, d, n, d), the shape of a measured kernel, and
    acts on the residual as one vector of length n·d. Either way residuals go in and come out as (*b, n, d).

    Raises ValueError if the kernel is not square, finite and symmetric (to 1e-5 of its largest entry, the
    round-off of single precision).
    """

    eigenvalues: Float[ndarray, "*b k"]
    """λ_k in ascending order; n modes, or n·d for a full kernel."""
    modes: Float[ndarray, "*b k k"]
    """Q, whose columns q_k are the eigenvectors, as many as eigenvalues."""

    def __init__(self, kernel: Float[ndarray, "*b n n"]) -> None:
        """Diagonalise Θ = Q diag(λ) Qᵀ."""
        theta = numbers(kernel, "kernel")
        if theta.ndim < 2 or theta.shape[-1] != theta.shape[-2] or theta.size == 0:
            raise ValueError(f"kernel: expected square matrices (..., n, n), got shape {theta.shape}")
        transposed = np.swapaxes(theta, -1, -2)
        if np.abs(theta - transposed).max() > 1e-5 * np.abs(theta).max():
            raise ValueError("kernel: the matrix is not symmetric")
        self.eigenvalues, self.modes = np.linalg.eigh((theta + transposed) / 2)
        self._stacked = False

    @classmethod
    def full(cls, kernel: Float[ndarray, "*b n d n d"]) -> ConstantKernel:
        """The constant kernel with d×d blocks per pair of inputs, as (*b, n, d, n, d)."""
        theta = numbers(kernel, "kernel")
        if theta.ndim < 4 or theta.shape[-4:-2] != theta.shape[-2:]:
            raise ValueError(f"kernel: expected shape (..., n, d, n, d), got {theta.shape}")
        size = theta.shape[-1] * theta.shape[-2]
        made = cls(theta.reshape(*theta.shape[:-4], size, size))
        made._stacked = True
        return made

    @property
    def smallest(self) -> Float[ndarray, "*b"]:
        """λ0, the smallest eigenvalue."""
        return self.eigenvalues[..., 0]

    @property
    def largest(self) -> Float[ndarray, "*b"]:
        """λ_max, the largest eigenvalue."""
        return self.eigenvalues[..., -1]

    def components(self, residual: Float[ndarray, "*b n d"]) -> Float[ndarray, "... modes c"]:
        """a_k = q_kᵀ r, the amplitude of the residual in every mode: (*b, n, d), and (*b, n·d, 1) for a full kernel.

        Raises ValueError if the residual does not fit the kernel.
        """
        r = numbers(residual, "residual")
        if r.ndim >= 2 and self._stacked:
            r = r.reshape(*r.shape[:-2], -1, 1)
        if r.ndim < 2 or r.shape[-2] != self.modes.shape[-1]:
            raise ValueError(f"residual of shape {np.shape(residual)} does not fit {self.modes.shape[-1]} modes")
        return np.swapaxes(self.modes, -1, -2) @ r

    def residual(self, r0: Float[ndarray, "*b n d"], t: Real[ndarray, " T"]) -> Float[ndarray, "... T n d"]:
        """r(t) = e^{-Θt} r0 at every time."""
        return self._filtered(r0, np.exp(-self._rates_times(t)))

    def loss(self, r0: Float[ndarray, "*b n d"], t: Real[ndarray, " T"]) -> Float[ndarray, "... T"]:
        """L(t) = ½‖r(t)‖² = ½ Σ_k a_k² e^{-2λ_k t}."""
        energy = np.sum(self.components(r0) ** 2, axis=-1)
        return 0.5 * np.einsum("...tk,...k->...t", np.exp(-2 * self._rates_times(t)), energy)

    def integrated_residual(self, r0: Float[ndarray, "*b n d"], t: Real[ndarray, " T"]) -> Float[ndarray, "... T n d"]:
        """c(t) = ∫_0^t r(s) ds = Θ^{-1}(I - e^{-Θt}) r0, by its limit t where an eigenvalue is 0 (Lemma 4)."""
        x = self._rates_times(t)
        return self._filtered(r0, np.asarray(t, dtype=np.float64)[:, None] * _mean_decay(x))

    def descent_residual(
        self, r0: Float[ndarray, "*b n d"], step: Numbers, k: Real[ndarray, " T"]
    ) -> Float[ndarray, "... T n d"]:
        """r_k = (I - ηΘ)^k r0 after every number k of steps; ``step`` η is a number or has the replicates' shape."""
        factor = 1 - numbers(step, "step")[..., None] * self.eigenvalues
        with np.errstate(over="ignore"):
            powers = factor[..., None, :] ** np.asarray(_times(k, "k"), dtype=np.int64)[:, None]
        return self._filtered(r0, numbers(powers, "a power of 1 - step times an eigenvalue"))

    def rate(self, r0: Float[ndarray, "*b n d"], T: Numbers) -> Float[ndarray, "*out"]:
        """-log(L(T)/L(0))/(λ0 T), in units of λ0; it is at least 2 and tends to 2 as T → ∞ (Theorem 1, tightness).

        T is a number or has the replicates' shape. Raises ValueError if λ0 is not positive (to round-off), the
        residual is 0 or T is not positive.
        """
        T = numbers(T, "T")
        if not (T > 0).all():
            raise ValueError(f"rate: the time must be positive, got {T.min()}")
        if (self.smallest <= 1e-14 * self.eigenvalues.shape[-1] * self.largest).any():
            raise ValueError("rate: the kernel is singular, so no rate can be stated in units of its λ0")
        energy = np.sum(self.components(r0) ** 2, axis=-1)
        if not (energy.sum(axis=-1) > 0).all():
            raise ValueError("rate: the residual is 0, so it has no rate")
        excess = self.eigenvalues - self.smallest[..., None]  # factor e^{-2λ0T} out: it may underflow
        ratio = np.sum(energy * np.exp(-2 * excess * T[..., None]), axis=-1) / np.sum(energy, axis=-1)
        return np.asarray(2 - np.log(ratio) / (self.smallest * T))

    def _rates_times(self, t: Numbers) -> Float[ndarray, "*b T modes"]:
        return _times(t, "t")[:, None] * self.eigenvalues[..., None, :]

    def _filtered(
        self, r0: Float[ndarray, "*b n d"], factor: Float[ndarray, "*c T modes"]
    ) -> Float[ndarray, "... T n d"]:
        """Q diag(factor) Qᵀ r0, in the shape of the residual with an axis for the times."""
        amplitude = factor[..., None] * self.components(r0)[..., None, :, :]
        out = self.modes[..., None, :, :] @ amplitude
        return out.reshape(*out.shape[:-2], *np.shape(r0)[-2:])


@checked(eigenvalues=numbers, step=above_zero, variance=at_least_zero, outputs=count)
def stationary_loss(
    eigenvalues: Float[ndarray, "*b n"], step: Numbers, variance: Numbers, outputs: int
) -> Float[ndarray, "*out"]:
    """The floor of stochastic gradients: lim E ½‖r_k‖² = ½ d Σ_k ηλ_k v/(2 - ηλ_k) [derived].

    Each step sees the residual through fresh noise ξ of variance v in every entry (n, d),
    r_{k+1} = (I - ηΘ) r_k - ηΘ ξ_k; the stationary variance of a mode solves e = (1-ηλ)² e + η²λ² v.
    Raises ValueError if some ηλ is 2 or more: then nothing is stationary.
    """
    x = np.asarray(step, dtype=np.float64)[..., None] * np.asarray(eigenvalues, dtype=np.float64)
    if (x >= 2).any():
        raise ValueError(f"stationary_loss: the step times an eigenvalue is {x.max():.3g}; it must stay below 2")
    return np.asarray(0.5 * outputs * np.asarray(variance) * np.sum(x / (2 - x), axis=-1))


def _mean_decay(x: Float[ndarray, "*shape"]) -> Float[ndarray, "*shape"]:
    """(1 - e^{-x})/x, which is 1 at x = 0."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, -np.expm1(-safe) / safe)


def _times(values: Numbers, name: str) -> Float[ndarray, " T"]:
    t = numbers(values, name)
    if t.ndim != 1 or not (t >= 0).all():
        raise ValueError(f"{name}: expected a vector of numbers >= 0")
    return t
