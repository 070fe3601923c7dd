"""A Dask cluster that measures cells: the executor for more than one machine.

Dask carries objects by pickle, which runs what it is sent, so this connects only to the scheduler that the user names.
Only this process writes the store. Dask starts a cell again where the worker that had it dies.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from claimtest.agreement import fingerprint
from claimtest.cells import Cell
from claimtest.check import Pack
from claimtest.cluster_worker import Order, Unfit, measure
from claimtest.errors import RunError
from claimtest.executor import Answer, Done, Failure, message, name_of

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["DaskCluster", "Tls"]

LOOK = 1.0
"""Seconds between two looks at whether the cluster is still there, while nothing ends."""


@dataclass(frozen=True)
class Tls:
    """Files for an encrypted connection: whom to trust, and who we are; None leaves it to Dask's configuration."""

    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True)
class DaskCluster:
    """The workers of the Dask scheduler at ``address``, measuring cells of ``pack``.

    ``patience`` is for how many seconds the scheduler may take to answer, and the cluster may be without any worker.
    """

    pack: Pack
    address: str
    tls: Tls = Tls()
    patience: float = 30.0

    def measure(self, cells: Sequence[Cell], root: int, device: str) -> Generator[Done, None, None]:
        """Measure the cells, starting them in this order, and yield them as they end.

        Raises RunError, in one line, if the scheduler cannot be reached or is lost, if there is no worker, if a worker
        has other sources or libraries, or if a cell fails or its workers die. Closing the generator cancels what has
        not ended.
        """
        with _quiet(), self._client() as client:
            futures = self._submit(client, cells, root, device)
            try:
                yield from self._results(client, futures, cells)
            finally:
                _cancel(client, list(futures))

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        from distributed import Client, Security

        try:
            security = Security(
                require_encryption=self.address.startswith("tls://"),
                **{
                    f"tls_{name}": str(file)
                    for name, file in (
                        ("ca_file", self.tls.ca_file),
                        ("client_cert", self.tls.cert),
                        ("client_key", self.tls.key),
                    )
                    if file is not None
                },
            )
            # a client that fails half-way complains when it is collected: certificates are tried before there is one
            if security.get_connection_args("client")["ssl_context"] is None and self.address.startswith("tls://"):
                raise ValueError("tls needs certificates: give --tls-ca-file, --tls-cert and --tls-key")
            client = Client(
                self.address, security=security, timeout=self.patience, set_as_default=False, name="claimtest"
            )
        except Exception as error:  # whatever answers there may answer anything
            raise RunError(f"no Dask scheduler can be reached at {self.address}: {_first_line(error)}") from None
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):  # a scheduler that is gone needs no farewell
                client.close(timeout=2)

    def _submit(self, client: Client, cells: Sequence[Cell], root: int, device: str) -> dict[Future, int]:
        """Every cell as a task of one group, the earlier the more urgent: the scheduler holds back what must wait."""
        run, orders = uuid.uuid4().hex, dict[str, Order]()
        for cell in cells:
            if (name := cell.experiment.id) not in orders:
                orders[name] = Order(self.pack.module, name, root, device, fingerprint(cell.experiment, self.pack))
        tasks = [message(cell) for cell in cells]
        try:
            return {
                client.submit(
                    measure, task, orders[cell.experiment.id], key=(f"cell-{run}", position), priority=-position
                ): position
                for position, (cell, task) in enumerate(zip(cells, tasks, strict=True))
            }
        except OSError as error:
            raise self._lost(error) from None

    def _results(self, client: Client, futures: dict[Future, int], cells: Sequence[Cell]) -> Iterator[Done]:
        ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        for future in futures:
            future.add_done_callback(ended.put)
        watch = _Watch(self, client)
        while futures:
            try:
                future = ended.get(timeout=LOOK)
            except queue.Empty:
                watch.look()
                continue
            position = futures[future]
            said = self._answer(future, cells[position], watch)
            del futures[future]
            future.release()  # the worker need not keep it
            yield Done(position, *said)

    def _answer(self, future: Future, cell: Cell, watch: _Watch) -> Any:
        """Quantities and seconds. Raises RunError for everything else that may come."""
        from distributed import KilledWorker

        while True:
            try:
                said: Answer | Unfit = future.result(timeout=LOOK)
                break
            except TimeoutError:  # its worker died after all, and it is measured again
                watch.look()
            except KilledWorker as error:
                times = error.allowed_failures + 1
                text = f"{name_of(cell)}: {times} workers died while they measured it (out of memory?)"
                raise RunError(text) from None
            except Exception as error:
                watch.look()
                text = f"{name_of(cell)} could not be measured at {self.address}: {_first_line(error)}"
                raise RunError(text) from None
        if isinstance(said, Unfit):
            raise RunError(f"worker {said.worker} {said.text}")
        if isinstance(said, Failure):
            raise RunError(f"{name_of(cell)} failed: {said.text}", said.details)
        return said

    def _lost(self, error: object = "") -> RunError:
        reason = f": {_first_line(error)}" if str(error) else ""
        return RunError(f"the Dask scheduler at {self.address} is gone{reason} (what has ended is kept: run again)")


class _Watch:
    """Notices that the scheduler is gone, or that it has had no worker for longer than the executor's patience."""

    def __init__(self, cluster: DaskCluster, client: Client) -> None:
        self.cluster, self.client = cluster, client
        self.since = monotonic()

    def look(self) -> None:
        """Raise RunError if there is nothing to wait for."""
        if self.client.status != "running":
            raise self.cluster._lost()
        try:
            workers = self.client.nthreads()
        except Exception:  # a scheduler that is busy or just dying: the client's own connection tells which
            return
        if workers:
            self.since = monotonic()
        elif monotonic() - self.since >= self.cluster.patience:
            raise RunError(
                f"the Dask scheduler at {self.cluster.address} has had no worker for {self.cluster.patience:g} s: "
                "start some (what has ended is kept)"
            )


def _cancel(client: Client, futures: Sequence[Future]) -> None:
    """Take back what has not ended; where the scheduler is gone there is nothing to take back."""
    if futures and client.status == "running":
        with contextlib.suppress(Exception):
            client.cancel(futures, force=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs lost connections with tracebacks; what matters of them is said in one line of ours."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)


def _first_line(error: object) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if isinstance(error, Exception) else words
