"""The choice of an executor, from options that both doors take; what is wrong with them is said as a UsageError."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from claimtest.errors import UsageError

if TYPE_CHECKING:  # this module only names options, before anything heavy is loaded
    from claimtest.check import Pack
    from claimtest.executor import Executor

__all__ = ["EXECUTORS", "OPTIONS", "Choice", "choice_of"]

EXECUTORS = ("local", "dask")

OPTIONS: Mapping[str, tuple[str, str]] = {
    "executor": ("NAME", "where cells are measured: local (processes of this machine, default) or dask (a cluster)"),
    "scheduler": ("ADDRESS", "the cluster's scheduler, tcp://HOST:PORT or tls://HOST:PORT"),
    "tls-ca-file": ("FILE", "certificate of the authority that signed the cluster's, PEM"),
    "tls-cert": ("FILE", "our own certificate, PEM"),
    "tls-key": ("FILE", "our own key, PEM"),
    "scheduler-timeout": ("SECONDS", "how long to wait for the scheduler and for a worker (default 30)"),
}
"""Metavariable and explanation of every option, by its name without dashes in front."""


@dataclass(frozen=True)
class Choice:
    """Where cells are measured: on this machine, or by the scheduler at an address."""

    scheduler: str | None = None
    tls: Mapping[str, Path] | None = None
    patience: float = 30.0

    @property
    def is_local(self) -> bool:
        """Whether everything happens on this machine."""
        return self.scheduler is None

    def executor(self, pack: Pack, jobs: int) -> Executor:
        """The executor for this pack; ``jobs`` processes if it is local."""
        if self.scheduler is None:
            from claimtest.pool import LocalPool

            return LocalPool(pack.module, jobs)
        from claimtest.cluster import DaskCluster, Tls

        return DaskCluster(pack, self.scheduler, Tls(**(self.tls or {})), self.patience)


def choice_of(given: Mapping[str, Any], prefix: str = "--") -> Choice:
    """What these options (by name, None where absent) choose. Raises UsageError if they make no sense together."""
    name = given.get("executor") or "local"
    if name not in EXECUTORS:
        raise UsageError(f"unknown executor {name!r}: give {' or '.join(EXECUTORS)}")
    others = [option for option in OPTIONS if option != "executor" and given.get(option) is not None]
    if name == "local":
        if others:
            raise UsageError(f"{prefix}{others[0]} goes with {prefix}executor dask")
        return Choice()
    if given.get("scheduler") is None:
        raise UsageError(f"{prefix}executor dask needs the cluster's address: {prefix}scheduler tcp://HOST:PORT")
    address = _address(given["scheduler"], f"{prefix}scheduler")
    tls = {option: given[option] for option in others if option.startswith("tls-")}
    if tls and not address.startswith("tls://"):
        raise UsageError(f"{prefix}{next(iter(tls))} goes with an encrypted scheduler, tls://HOST:PORT, not {address}")
    if importlib.util.find_spec("distributed") is None:
        raise UsageError(f"{prefix}executor dask: Dask is not installed here; pip install distributed")
    files = {option.removeprefix("tls-").replace("-", "_"): _file(tls[option], f"{prefix}{option}") for option in tls}
    return Choice(address, files, _seconds(given.get("scheduler-timeout"), f"{prefix}scheduler-timeout"))


def _address(text: str, option: str) -> str:
    try:
        parts = urlsplit(text)
        whole = parts.hostname and parts.port and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:  # a port that is no number, half a bracket
        whole, parts = False, None
    if not whole or parts is None or parts.scheme not in ("tcp", "tls"):
        raise UsageError(f"{option} {text}: give tcp://HOST:PORT or tls://HOST:PORT")
    return text


def _file(name: str, option: str) -> Path:
    path = Path(name)
    try:
        path.open("rb").close()
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {name}: {getattr(error, 'strerror', None) or error}") from None
    return path


def _seconds(text: str | None, option: str) -> float:
    try:
        seconds = 30.0 if text is None else float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UsageError(f"{option} {text}: give a number of seconds above 0")
    return seconds
