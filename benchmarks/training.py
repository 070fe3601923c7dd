"""Training sixteen replicates: against a plain loop, against vmap, and against the sum of its own operations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.kernels import unit_rows
from benchmarks.timing import Goal, Part, side_by_side
from models.snn import StochasticNetwork
from models.training import gradient_descent

__all__ = ["training_part"]

STEP = 1e-3


class Plain(torch.nn.Module):
    """The mean output as one writes it down."""

    def __init__(self, network: StochasticNetwork) -> None:
        """Copy the parameters of one network."""
        super().__init__()
        self.weights = torch.nn.ParameterDict({k: w.contiguous().clone() for k, w in network.parameters().items()})
        self.multiplier = network.multiplier

    def forward(self, x: Tensor) -> Tensor:
        """f(x)."""
        return output(dict(self.weights), x, self.multiplier)


def output(weights: dict[str, Tensor], x: Tensor, multiplier: float) -> Tensor:
    """M Σ_r v_r erf(u_r/√(1 + 2 s_r²))."""
    u, s = x @ weights["mean"].T, x @ weights["scale"].T
    return torch.erf(u / torch.sqrt(1 + 2 * s * s)) @ weights["decoder"] * multiplier


def plain_loop(network: StochasticNetwork, x: Tensor, y: Tensor, steps: int) -> None:
    """Each replicate by itself: autograd and an optimiser."""
    for replicate in range(network.batch_shape[0]):
        model = Plain(network[replicate])
        optimiser = torch.optim.SGD(model.parameters(), lr=STEP)
        for _ in range(steps):
            optimiser.zero_grad()
            (0.5 * (model(x) - y).square().sum()).backward()
            optimiser.step()


def vmapped(network: StochasticNetwork, x: Tensor, y: Tensor, steps: int) -> None:
    """All replicates by torch.func."""
    weights = {k: w.contiguous().clone() for k, w in network.parameters().items()}

    def loss(weights: dict[str, Tensor]) -> Tensor:
        return 0.5 * (output(weights, x, network.multiplier) - y).square().sum()

    gradient = torch.func.vmap(torch.func.grad(loss))
    for _ in range(steps):
        for name, slope in gradient(weights).items():
            weights[name] = weights[name] - STEP * slope


def its_operations(network: StochasticNetwork, x: Tensor, y: Tensor) -> Callable[[], None]:
    """The products and the erf, exp, root and reciprocal of a step, into buffers, and nothing else."""
    (count,), (n, p), m, d = network.batch_shape, x.shape, network.width, y.shape[1]
    encoder, decoder = torch.randn(count, p, m).double(), torch.randn(count, d, m).double()
    rows, residual = x.expand(count, n, p), torch.randn(count, n, d).double()
    into, back = torch.empty(count, n, m).double(), torch.empty(count, p, m).double()
    last, outputs = torch.empty(count, d, m).double(), torch.empty(count, n, d).double()
    units = torch.rand(count, n, m).double()

    def run() -> None:
        for _ in range(2):  # μ and σ
            torch.bmm(rows, encoder, out=into)
            torch.bmm(rows.mT, units, out=back)
        torch.bmm(units, decoder.mT, out=outputs)
        torch.bmm(residual, decoder, out=into)
        torch.bmm(residual.mT, units, out=last)
        for function in (torch.erf, torch.exp, torch.sqrt, torch.reciprocal):
            function(units, out=into)

    return run


def training_part(
    widths: tuple[int, ...] = (128, 1024), replicates: int = 16, n: int = 8, p: int = 8, d: int = 4, steps: int = 50
) -> Part:
    """Seconds per step of all replicates."""
    about = (
        f"{replicates} replicates, n = {n}, p = {p}, d = {d}, erf with learned noise; ms per step. Its operations "
        "alone: four products with the encoder, three with the decoder, erf, exp, root and reciprocal, one after "
        "the other."
    )
    part = Part("Training", about)
    x, y = torch.from_numpy(unit_rows(n, p)), torch.from_numpy(unit_rows(n, d))
    for width in widths:
        network = StochasticNetwork.initialise(width, p, d, seed=list(range(replicates)))

        def ours(network: StochasticNetwork = network) -> None:
            for _ in gradient_descent(network, x, y, STEP, steps, record=steps):
                pass

        alone = its_operations(network, x, y)
        seconds = side_by_side(
            {
                "ours": ours,
                "plain loop": lambda network=network: plain_loop(network, x, y, steps),
                "torch.func vmap": lambda network=network: vmapped(network, x, y, steps),
                "its operations alone": lambda alone=alone: [alone() for _ in range(steps)],
            }
        )
        each = {name: 1e3 * taken / steps for name, taken in seconds.items()}
        part.rows.append({"width": width, **each})
        loop = {128: 8.0, 1024: 3.0}.get(width, 1.0)
        part.goals.append(Goal(f"times the plain loop at width {width}", loop, each["plain loop"] / each["ours"]))
        part.goals.append(Goal(f"of its own limit at width {width}", 0.5, each["its operations alone"] / each["ours"]))
    return part
