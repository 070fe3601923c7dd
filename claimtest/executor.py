"""What measures cells, wherever it runs them, and what every worker does with a cell that it is sent.

An executor is a pool of local processes (``claimtest.pool``) or a Dask cluster (``claimtest.cluster``). Cells travel as
messages that name the experiment, so that workers run the pack they have themselves; what comes back is what was
measured or, as text, how it failed.
"""

from __future__ import annotations

import pickle
import sys
import time
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from claimtest.cells import Cell, Quantities
from claimtest.errors import RunError

if TYPE_CHECKING:
    from claimtest.check import Pack  # brings the laws: workers are started before that

__all__ = ["Answer", "Done", "Executor", "Failure", "answer", "message", "name_of", "one_thread"]


@dataclass(frozen=True)
class Done:
    """A cell (its position among the tasks) with what it measured and the seconds that took."""

    position: int
    quantities: Quantities
    seconds: float


class Executor(Protocol):
    """Measures cells of one pack, each in one thread."""

    def measure(self, cells: Sequence[Cell], root: int, device: str) -> Generator[Done, None, None]:
        """Measure the cells, starting them in this order, and yield them as they end.

        Raises RunError, naming the cell, if one fails. Closing the generator drops what has not ended.
        """
        ...


@dataclass(frozen=True)
class Failure:
    """An exception as text: the exception itself may not travel."""

    text: str
    details: str

    @classmethod
    def of(cls, error: Exception) -> Failure:
        """The exception that is being handled."""
        return cls(" ".join(f"{type(error).__name__}: {error}".split()), traceback.format_exc())


Answer = tuple[Quantities, float] | Failure
"""What a worker says of a cell: its quantities and the seconds they took, or how it failed."""


def name_of(cell: Cell) -> str:
    """The cell in words."""
    replicates = f"replicates {cell.first} to {cell.first + cell.count - 1}"
    return f"experiment {cell.experiment.id!r} on case {cell.case.id!r} at width {cell.width}, {replicates}"


def message(cell: Cell) -> bytes:
    """The cell as it travels. Raises RunError if its case cannot be pickled."""
    try:
        return pickle.dumps((cell.experiment.id, cell.case, cell.width, cell.first, cell.count))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise RunError(f"{name_of(cell)}: the case cannot be sent to a process: {error}") from None


def answer(task: bytes, pack: Pack, root: int, device: str) -> Answer:
    """What the cell in this ``message`` measured and the seconds that took, or how it failed."""
    try:
        start = time.perf_counter()
        experiment, *where = pickle.loads(task)  # from our own parent or client, never from a file
        return Cell(pack.experiments[experiment], *where).run(root, device), time.perf_counter() - start
    except Exception as error:
        return Failure.of(error)


def one_thread() -> Any:
    """One thread in BLAS, OpenMP and torch from now on, whatever was loaded before; a context undoes the first two."""
    from threadpoolctl import threadpool_limits

    limits = threadpool_limits(1)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    return limits
