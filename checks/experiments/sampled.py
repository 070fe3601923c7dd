"""Tangent kernels of sampled outputs, and the identities of the kernel itself (Definition 1)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.random import SeedSequence
from torch import Tensor

from checks.case import VaeCase
from checks.experiments.networks import Prepare, as_initialised, initial_networks
from claimtest.cells import Experiment, Quantities
from models.draws import fill_uniform, generator, to_normal
from models.objective import loss
from models.snn import StochasticNetwork
from models.step import training_gradient
from models.tangent import TangentKernel, jacobian_tangent_kernel, sampled_tangent_kernel, tangent_kernel
from models.traced import mean_sampled_traced_kernel, traced_kernel

__all__ = [
    "IDENTITIES",
    "SAMPLED",
    "SAMPLE_SIZES",
    "encoder_subtracted",
    "identities",
    "of_one_sample",
    "sampled",
    "scale_gradient_halved",
    "without_mean_block",
]

SAMPLE_SIZES = (8, 16, 32, 64, 128)
"""Numbers S of draws over which gradients of sampled outputs are averaged; the draws of different S are different."""

DRAWS = 32
"""Draws in the averages with one draw per input or shared noise: the initialisation varies more than they do."""


Contraction = Callable[[StochasticNetwork, np.ndarray, SeedSequence], TangentKernel]
"""Θ of one network on inputs, by some formula; the seed is for those that draw."""


def closed_form(network: StochasticNetwork, x: np.ndarray, seed: SeedSequence) -> TangentKernel:
    """Definition 1."""
    return tangent_kernel(network, x)


def without_mean_block(network: StochasticNetwork, x: np.ndarray, seed: SeedSequence) -> TangentKernel:
    """Definition 1 with Θ^μ left out: a control's error."""
    kernel = tangent_kernel(network, x)
    return dataclasses.replace(kernel, mean=torch.zeros_like(kernel.mean))


def encoder_subtracted(network: StochasticNetwork, x: np.ndarray, seed: SeedSequence) -> TangentKernel:
    """Definition 1 with the encoder's blocks of the wrong sign: a control's error."""
    kernel = tangent_kernel(network, x)
    return dataclasses.replace(kernel, mean=-kernel.mean, scale=-kernel.scale)


Gradient = Callable[[StochasticNetwork, Tensor, Tensor], dict[str, Tensor]]
"""∇L by block, from a network, its inputs and its targets."""


def scale_gradient_halved(network: StochasticNetwork, x: Tensor, y: Tensor) -> dict[str, Tensor]:
    """∇L with half of its part for the last block of the encoder: a control's error."""
    exact = training_gradient(network, x, y)
    wrong = "scale" if "scale" in exact else "mean"
    return exact | {wrong: exact[wrong] / 2}


def of_one_sample(network: StochasticNetwork, x: np.ndarray, seed: SeedSequence) -> TangentKernel:
    """Gradients of sampled outputs, with another draw of the noise in each factor: it is Θ in the mean alone."""
    rng = np.random.default_rng(seed)
    first, second = (torch.as_tensor(rng.standard_normal((len(x), network.width))).to(network.mean) for _ in range(2))
    return sampled_tangent_kernel(network, x, first, second)


def identities(
    case: VaeCase,
    width: int,
    seeds: Sequence[SeedSequence],
    device: str,
    prepare: Prepare = as_initialised,
    contraction: Contraction = closed_form,
    gradient: Gradient = training_gradient,
) -> Quantities:
    """Defects (R,), relative to ‖Θ‖_F: "autodiff" closed form against Jacobians, "asymmetry", "negativity" of the
    smallest eigenvalue, "sum" of the blocks against Jacobians of all parameters at once. ``contraction`` is the closed
    form. Besides "gradient", relative to its norm: the closed form ``gradient`` of the loss, which everything trained
    here follows, against a backward pass.

    Where Θ vanishes (no unit of a ReLU network is active at any input, say) they are absolute.
    """
    x, y = case.problem.inputs, case.problem.targets
    batch = prepare(initial_networks(case, width, seeds, device))
    defects: list[list[float]] = []
    for replicate, seed in enumerate(seeds):
        network = batch[replicate]
        closed, reference = contraction(network, x, seed.spawn(1)[0]), jacobian_tangent_kernel(network, x)
        matrix, size = closed.block(), float(closed.total.norm()) or 1.0
        blocks = [(getattr(closed, b) - getattr(reference, b)).norm() for b in ("decoder", "mean", "scale")]
        defects.append([
            float(torch.stack(blocks).norm()) / size,
            float((matrix - matrix.mT).norm()) / size,
            max(0.0, -float(torch.linalg.eigvalsh(matrix)[0])) / size,
            float((_whole_contraction(network, x) - matrix).norm()) / size,
            _gradient_defect(network, x, y, gradient),
        ])  # fmt: skip
    return dict(zip(("autodiff", "asymmetry", "negativity", "sum", "gradient"), np.array(defects).T, strict=True))


def _gradient_defect(network: StochasticNetwork, x: np.ndarray, y: np.ndarray, gradient: Gradient) -> float:
    """‖closed - exact‖ / ‖exact‖ of the gradient of the loss by all parameters."""
    inputs, targets = network.as_inputs(x), torch.as_tensor(y).to(network.mean)
    closed = gradient(network, inputs, targets)
    blocks = {name: block.detach().clone().requires_grad_() for name, block in network.parameters().items()}
    value = loss(network.replace_parameters(blocks).mean_output(inputs), targets)
    exact = torch.autograd.grad(value, list(blocks.values()))
    apart = [(closed[name] - g).square().sum() for name, g in zip(blocks, exact, strict=True)]
    size = float(torch.stack([g.square().sum() for g in exact]).sum().sqrt()) or 1.0
    return float(torch.stack(apart).sum().sqrt()) / size


def _whole_contraction(network: StochasticNetwork, x: np.ndarray) -> Float[Tensor, "nd nd"]:
    """J Jᵀ with the Jacobian of the mean output by all parameters strung together, one backward pass per output."""
    blocks = {name: block.detach().clone().requires_grad_() for name, block in network.parameters().items()}
    outputs = network.replace_parameters(blocks).mean_output(x).flatten()
    rows = [
        torch.cat([g.flatten() for g in torch.autograd.grad(o, list(blocks.values()), retain_graph=True)])
        for o in outputs
    ]
    jacobian = torch.stack(rows)
    return jacobian @ jacobian.T


def sampled(
    case: VaeCase, width: int, seeds: Sequence[SeedSequence], device: str, prepare: Prepare = as_initialised
) -> Quantities:
    """Contractions of sampled gradients, traced over outputs and divided by d, averaged over draws of the noise.

    "error" ‖mean over S - Θ‖_F/‖Θ‖_F (R, 5) with independent noise in the two factors, for the sizes S of
    ``SAMPLE_SIZES`` ("sizes" (R, 5)); "independent" the average over the largest S, "one_draw" (per input) and
    "shared" (by all inputs) those over ``DRAWS``, "kernel" the networks' own Θ(0) (R, n, n).
    """
    x, n = case.problem.inputs, len(case.problem.inputs)
    start, noise = zip(*(seed.spawn(2) for seed in seeds), strict=True)
    network = prepare(initial_networks(case, width, start, device))
    kernel = traced_kernel(network, x).total.cpu().numpy()
    streams = [generator(s) for s in noise]

    def draws(size: int, inputs: int) -> Float[Tensor, "S R n m"]:
        epsilon = torch.empty(len(seeds), size, inputs, width, dtype=torch.float64)
        for block, stream in zip(epsilon, streams, strict=True):
            fill_uniform(block, stream)
        return to_normal(epsilon).movedim(0, 1).to(network.mean)

    def average(size: int, kind: str) -> np.ndarray:
        second = draws(size, n) if kind == "independent" else None
        first = draws(size, 1 if kind == "shared" else n)
        return mean_sampled_traced_kernel(network, x, first, second).total.cpu().numpy()

    means = [average(size, "independent") for size in SAMPLE_SIZES]
    norm = np.linalg.norm(kernel, axis=(1, 2))
    return {
        "error": np.stack([np.linalg.norm(mean - kernel, axis=(1, 2)) / norm for mean in means], axis=1),
        "sizes": np.tile(np.array(SAMPLE_SIZES, float), (len(seeds), 1)),
        "independent": means[-1],
        "kernel": kernel,
        "one_draw": average(DRAWS, "one_draw"),
        "shared": average(DRAWS, "shared"),
    }


def _identities_cost(case: VaeCase, width: int) -> float:
    n, d = case.problem.targets.shape
    return 1e-2 + n * d * 1e-3


def _sampled_cost(case: VaeCase, width: int) -> float:
    return 5e-4 + 560 * width * case.problem.inputs.shape[0] * 2.5e-8


IDENTITIES = Experiment("identities", identities, _identities_cost)
SAMPLED = Experiment("sampled-kernels", sampled, _sampled_cost)
