"""Gradient descent on a loss plus a KL term; with sampled outputs, as users of variational autoencoders train."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.cell import Cell
from models.checked import positive_number
from models.divergence import checked_beta, divergence_from
from models.snn import Seed, StochasticNetwork
from models.training import NoiseStreams, State, record_schedule

__all__ = ["regularised_descent"]


def regularised_descent(
    network: StochasticNetwork,
    x: Any,
    y: Any,
    step: float,
    steps: int,
    *,
    beta: float,
    divergence: str,
    seeds: Seed | Sequence[Seed] | None = None,
    trainable: Sequence[str] = ("mean",),
    record: int = 1,
    initial: StochasticNetwork | None = None,
) -> Iterator[State]:
    """W ← W - step (∇L + β ∇KL), yielding the state before the first step, every ``record`` steps and after the last.

    With ``seeds``, one per replicate, L is the sampled loss ½ Σ_i ‖f̂(x_i; ε_i) - y_i‖² with fresh noise in every step
    and reparameterised gradients; without, that of the mean output. ``divergence`` as in ``train_to_end``; the KL is
    exact, it needs no samples. Where training goes on, ``initial`` are the networks it started from (``network`` if
    None), which the KL refers to. Raises ValueError for β < 0, no trainable block, s = 0, an unknown divergence or
    block, or a wrong number of seeds.
    """
    beta, step = checked_beta(beta), positive_number(step, "step")
    cell = Cell(network, x, y, trainable)
    start = cell if initial is None else Cell(initial, x, y, trainable)
    kl = divergence_from(divergence, start.network, cell.x)
    streams = None if seeds is None else NoiseStreams(seeds, cell)
    groups = list(cell.steps())
    for count, total in record_schedule(steps, record):
        for group, one in groups if count else ():
            own, trained, blocks = kl[group.replicates], group.trained, group.network.parameters()
            noise = None if streams is None else cell.x.new_empty(group.size, len(cell.x), network.width)
            for _ in range(count):
                pull = own.gradient(group.network)
                if streams is not None and noise is not None:
                    streams.fill(noise, group.replicates)
                one.pull(one.forward(noise), trained, -step, add=True)
                for name in cell.rows.keys() & pull.keys():
                    blocks[name].sub_(pull[name], alpha=step * beta)
        yield State(total * step, cell.snapshot(), cell.unflatten(cell.x.new_zeros(cell.size)))
