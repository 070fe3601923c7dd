"""Options that both doors take, checked: what is wrong is said in one line, as a UsageError."""

from __future__ import annotations

import math
import os
from pathlib import Path

from claimtest.errors import UsageError
from claimtest.packs import near_matches
from claimtest.profile import PROFILES, Profile

__all__ = [
    "device_named",
    "folder_named",
    "known_device",
    "positive_number",
    "profile_named",
    "whole_number",
    "writable_folder",
]


def profile_named(name: str) -> Profile:
    """The profile of that name."""
    if name not in PROFILES:
        raise UsageError(f"unknown profile {name!r}{near_matches(name, PROFILES)}")
    return PROFILES[name]


def whole_number(text: str, option: str, least: int, most: int | None = None) -> int:
    """A whole number that is at least ``least`` and at most ``most`` (None: any)."""
    try:
        number = int(text)
    except ValueError:  # no number, or one of thousands of digits
        number = least - 1
    if number < least or (most is not None and number > most):
        shown, beyond = text if len(text) <= 40 else f"{text[:40]}…", "" if most is None else f", at most {most}"
        raise UsageError(f"{option} {shown}: give a whole number, at least {least}{beyond}")
    return number


def positive_number(text: str, option: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise UsageError(f"{option} {text}: give a number above 0")
    return number


def known_device(name: str) -> str:
    """The name of a device, here or elsewhere."""
    if name not in ("cpu", "cuda"):
        raise UsageError(f"unknown device {name!r}: give cpu or cuda")
    return name


def device_named(name: str) -> str:
    """The name of a device that is there: cpu, or cuda where torch finds one."""
    if known_device(name) == "cuda":
        try:
            import torch
        except ImportError:
            raise UsageError("device cuda: torch is not installed, so nothing could run there; use cpu") from None
        if not torch.cuda.is_available():
            raise UsageError("device cuda: there is no CUDA device that torch can use; use cpu")
    return name


def folder_named(name: str) -> Path:
    """The folder of that name, which need not exist, if the system can look for it."""
    if not name.strip():
        raise UsageError("--out: the name of the folder is empty")
    folder = Path(name)
    try:
        folder.exists()
    except OSError as error:
        raise UsageError(f"--out {name[:40]}…: {error.strerror or error}; choose another folder") from None
    return folder


def writable_folder(folder: Path) -> Path:
    """The folder, made if need be and tried."""
    if folder.is_file():
        raise UsageError(f"{str(folder)!r} is a file: give a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot write into {str(folder)!r}: {reason}; choose another folder") from None
    return folder
