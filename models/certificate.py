"""How far an end point is at most, from the gradient that is left.

The Hessian of L + β KL is H = G + E with G = D + JᵀJ and E what the residual bends: M <v_r, f(x_i) - y_i> times the
second derivatives of h_r(x_i) in the latent values, unit by unit. If H >= (1 - η) G between here and the minimum, then
the error δ has ‖δ‖_G <= ‖∇‖_{G⁻¹}/(1 - η), and ‖f(X) - f_end(X)‖ = ‖Jδ‖ <= ‖δ‖_G since JᵀJ <= G.

η is taken where training stopped, in place of the worst between there and the minimum, and a Krylov estimate of it
comes from below: a bound to first order in the error, not a proof. Against end points of a tolerance a thousand times
smaller the error was at most 0.6 of it, on training inputs and on unseen ones, of which the derivation says nothing.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from models.divergence import LatentKL
from models.implicit import GaussNewton, Moves, combined, dot
from models.regularised import Point, Regularised

__all__ = ["bends", "convexity_lost", "krylov_convexity_lost", "remaining"]

SAFE = 0.5
"""The cheap bound on η is refined where it is larger."""

KRYLOV = 12, 60
"""Steps of the Lanczos process that refines it, and of the one that is tried where these do not suffice."""

Bends = dict[tuple[str, str], Tensor]


def remaining(problem: Regularised, point: Point, gradient: Moves) -> Float[Tensor, " R"]:
    """‖∇‖_{G⁻¹}/(1 - η) at this point, inf where η >= 1."""
    newton = problem.gauss_newton(point, point.u.new_zeros(len(point.u)))
    left = dot(gradient, newton.solve(gradient)).clamp_min(0).sqrt()
    bent = bends(problem, point)
    eta = convexity_lost(problem, point, bent)
    for enough, steps in zip((SAFE, 1.0), KRYLOV, strict=True):
        if (eta >= enough).any():
            eta = torch.minimum(eta, krylov_convexity_lost(newton, bent, gradient, steps))
    return torch.where(eta < 1, left / (1 - eta).clamp_min(1e-300), torch.inf)


def bends(problem: Regularised, point: Point) -> Bends:
    """E in latent values: M <v_r, f(x_i) - y_i> times h_uu, h_us, h_ss, each (R, n, m), for the blocks that train.

    h_uu = h_s/s by the heat equation; the other two are central differences of h_u and h_s in s.
    """
    u, s, psi = point.u, point.s, problem.psi
    pull = problem.multiplier * (point.residual @ point.v)
    bent: Bends = {}
    if "mean" in point.slopes:
        bent["mean", "mean"] = pull * psi.derivatives(u, s)[2] / s
    if "scale" in point.slopes:
        step = 1e-5 * s
        above, below = psi.derivatives(u, s + step), psi.derivatives(u, s - step)
        bent["scale", "scale"] = pull * (above[2] - below[2]) / (2 * step)
        if "mean" in point.slopes:
            bent["mean", "scale"] = pull * (above[1] - below[1]) / (2 * step)
    return bent


def convexity_lost(problem: Regularised, point: Point, bent: Bends) -> Float[Tensor, " R"]:
    """The smallest η >= 0 with E >= -η D input by input: the largest over inputs and units, (R,)."""
    if isinstance(problem.kl, LatentKL):
        curvatures: dict[str, Tensor] = problem.kl.curvatures(point.s)
    else:
        top = torch.linalg.matrix_norm(problem.span.z, 2) ** 2
        curvatures: dict[str, Tensor] = {"mean": problem.kl.sigma**-2 / top}

    def share(a: str, b: str) -> Tensor:
        if (a, b) not in bent:
            return torch.zeros_like(point.u)
        return bent[a, b] / (problem.beta * (curvatures[a] * curvatures[b]).sqrt())

    a, b, c = share("mean", "mean"), share("scale", "scale"), share("mean", "scale")
    smallest = (a + b) / 2 - torch.hypot((a - b) / 2, c)
    return (-smallest).amax((1, 2)).clamp_min(0)


def krylov_convexity_lost(newton: GaussNewton, bent: Bends, gradient: Moves, steps: int) -> Float[Tensor, " R"]:
    """η in the Krylov space that G⁻¹E spans from the error's own direction G⁻¹∇, by Lanczos's process in G's metric.

    The smallest Ritz value less its residual; that E is large for a single unit does not matter there.
    """
    dual, alphas, betas = gradient, list[Tensor](), list[Tensor]()
    before: Moves | None = None
    for _ in range(steps):
        vector = newton.solve(dual)
        size = dot(dual, vector).clamp_min(0).sqrt()
        betas.append(size)
        inverse = torch.where(size > (1e-10 if before else 0.0), 1 / size, 0.0)[:, None, None]  # 0: the space is whole
        vector, dual = ({name: w * inverse for name, w in move.items()} for move in (vector, dual))
        image = _bend(newton, bent, vector)
        alphas.append(dot(vector, image))
        following = combined(image, dual, -alphas[-1])
        if before is not None:
            following = combined(following, before, -size)
        before, dual = dual, following
    last = dot(dual, newton.solve(dual)).clamp_min(0).sqrt()
    matrix = torch.diag_embed(torch.stack(alphas, 1))
    off = torch.diag_embed(torch.stack(betas[1:], 1), 1)
    values, vectors = torch.linalg.eigh(matrix + off + off.mT)
    return (last * vectors[:, -1, 0].abs() - values[:, 0]).clamp_min(0)


def _bend(newton: GaussNewton, bent: Bends, move: Moves) -> Moves:
    """E δ."""
    latent = {name: newton.span.latent(step) for name, step in move.items()}
    image = {name: torch.zeros_like(step) for name, step in latent.items()}
    for (a, b), e in bent.items():
        image[a] = image[a] + e * latent[b]
        if a != b:
            image[b] = image[b] + e * latent[a]
    return {name: newton.span.back(step) for name, step in image.items()}
