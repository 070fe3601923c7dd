"""What a worker of a Dask cluster does with a cell: nothing, unless it has the client's sources and libraries.

Workers import the pack themselves. One that cannot, or that has other sources, says so in place of numbers.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass

from claimtest.agreement import Fingerprint, difference, fingerprint
from claimtest.check import Pack
from claimtest.errors import RunError, UsageError
from claimtest.executor import Answer, answer, one_thread
from claimtest.options import device_named
from claimtest.packs import load_pack

__all__ = ["Order", "Unfit", "measure"]


@dataclass(frozen=True)
class Order:
    """What all cells of an experiment have in common: module of the pack, root seed, device, and what must agree."""

    module: str
    experiment: str
    root: int
    device: str
    expected: Fingerprint


@dataclass(frozen=True)
class Unfit:
    """Why a worker cannot measure for this client: ``text`` goes on after the worker's name."""

    worker: str
    text: str


def measure(task: bytes, order: Order) -> Answer | Unfit:
    """What the cell in this message measured, in one thread, how it failed, or why this worker is unfit."""
    try:
        pack = _pack(order.module)
        device_named(order.device)
    except (UsageError, RunError) as error:
        return Unfit(_address(), f"cannot measure: {' '.join(str(error).split())}")
    if order.experiment not in pack.experiments:
        return Unfit(_address(), f"knows no experiment {order.experiment!r}: bring its sources up to date")
    if different := difference(order.expected, _fingerprint(order.module, order.experiment)):
        return Unfit(_address(), different)
    one_thread()  # for good: several threads of a worker may measure side by side
    return answer(task, pack, order.root, order.device)


_loading = threading.RLock()


def _pack(module: str) -> Pack:
    with _loading:  # threads that import the same modules get in each other's way
        return load_pack(module)


@functools.cache
def _fingerprint(module: str, experiment: str) -> Fingerprint:
    """That of the sources as this worker loaded them, or as they were when it first looked."""
    pack = _pack(module)
    return fingerprint(pack.experiments[experiment], pack)


def _address() -> str:
    from distributed import get_worker

    return get_worker().address
