"""A device without a GPU: fake tensors, which have a device and no numbers, and a mode that sees what crosses."""

from contextlib import contextmanager

import torch
from numpy.random import SeedSequence
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from models.draws import fill_uniform, generator, to_normal

ELSEWHERE = ("lazy:0", *(["cuda:0"] if torch.backends.cuda.is_built() else []))
"""Devices other than the CPU that this build of torch can at least pretend: its builds for the CPU lack cuda's name."""

ASKS_THE_DEVICE = {
    torch.ops.aten._local_scalar_dense.default,  # .item(), float(), bool(), if
    torch.ops.aten.equal.default,
    torch.ops.aten.is_nonzero.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
    torch.ops.aten._linalg_check_errors.default,
}
FROM_THE_HOST = {torch.ops.aten.lift_fresh.default}  # torch.tensor(…) and torch.as_tensor(…) of anything but a tensor


def the_same_noise(seed: SeedSequence, device: torch.device):
    """The CPU's noise on any device, in the place of ``training._stream``: a GPU draws its own otherwise."""
    rng = generator(seed)

    def draw(eps):
        drawn = torch.empty(eps.shape, dtype=torch.float64)
        fill_uniform(drawn, rng)
        if device.type != "cpu":  # there the step makes them normal itself
            to_normal(drawn)
        eps.copy_(drawn)

    return draw


class Crossing(AssertionError):
    """A number or a tensor went from one device to another."""


class Border(TorchDispatchMode):
    """While it is ``closed``, raises Crossing where something crosses devices.

    While it is open, a number that is asked of a fake tensor, which has none, is 0.
    """

    closed = False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if self.closed and func in ASKS_THE_DEVICE | FROM_THE_HOST:
            raise Crossing(f"{func} inside a step")
        if func is torch.ops.aten._local_scalar_dense.default:
            return False if args[0].dtype is torch.bool else 0.0
        if func is torch.ops.aten.equal.default:
            return False
        if func is torch.ops.aten._linalg_check_errors.default:
            return None
        try:
            result = func(*args, **(kwargs or {}))
        except (DataDependentOutputException, DynamicOutputShapeException) as error:
            raise Crossing(f"{error.func} needs numbers") from error
        places = {t.device.type for t in tree_leaves((args, kwargs, result)) if isinstance(t, torch.Tensor)}
        if self.closed and len(places) > 1:
            raise Crossing(f"{func} between {' and '.join(sorted(places))} inside a step")
        return result


@contextmanager
def fakes():
    """Everything inside computes with fake tensors; gives the border, open."""
    with FakeTensorMode(allow_non_fake_inputs=True), Border() as border:
        yield border


@contextmanager
def a_step(border):
    """The border closed."""
    border.closed = True
    try:
        yield
    finally:
        border.closed = False
