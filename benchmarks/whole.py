"""Whole runs of the command line: wall time and memory on one worker process and on two."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.timing import Goal, Part

__all__ = ["MOST", "pictures_part", "whole_part"]

PICTURES = ("figure3", "figure4")

MOST = {"standard": 240.0, "thorough": 3600.0}
"""Seconds that both may take on two workers."""


def whole_part(claims: Sequence[str] = (), profiles: Sequence[str] = ("quick", "standard")) -> Part:
    """``vae-ntk verify`` of these claims (all if none) at each profile, from nothing."""
    command = " ".join(["vae-ntk verify", *claims])
    about = f"{command}, from nothing. Memory, looked at five times a second, counts shared pages once."
    part = Part("Whole runs", about)
    for profile in profiles:
        taken = {}
        for jobs in (1, 2):
            seconds, gigabytes, status = _run(claims, profile, jobs)
            taken[jobs] = seconds
            shown = {"seconds": seconds, "peak memory (GB)": gigabytes, "exit status": status}
            part.rows.append({"profile": profile, "workers": jobs, **shown})
            if profile == "quick" and jobs == 2:
                part.goals.append(Goal("GB at the quick profile, as `make verify`", 2.0, gigabytes, at_most=True))
        if profile == profiles[-1]:
            part.goals.append(Goal(f"times faster on two workers ({profile})", 1.7, taken[1] / taken[2]))
    return part


def pictures_part(kept: Path, profiles: Sequence[str]) -> Part:
    """Figures 3 and 4, which train deep autoencoders; the reports stay in ``kept``, a folder for each profile."""
    about = f"vae-ntk verify {' '.join(PICTURES)}, from nothing, on two workers."
    part = Part("Figures 3 and 4", about)
    for profile in profiles:
        folder = kept / f"pictures-{profile}"
        shutil.rmtree(folder, ignore_errors=True)
        seconds, gigabytes, status = _run_into(folder, PICTURES, profile, 2)
        part.rows.append({"profile": profile, "seconds": seconds, "peak memory (GB)": gigabytes, "exit status": status})
        if profile in MOST:
            part.goals.append(Goal(f"seconds ({profile})", MOST[profile], seconds, at_most=True))
    return part


def _run(claims: Sequence[str], profile: str, jobs: int) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as folder:
        return _run_into(Path(folder), claims, profile, jobs)


def _run_into(folder: Path, claims: Sequence[str], profile: str, jobs: int) -> tuple[float, float, int]:
    """Seconds, gigabytes at most, and exit status of a run whose report goes into the folder."""
    program = str(Path(sys.executable).with_name("vae-ntk"))
    command = [program, "verify", *claims, "--profile", profile, "--jobs", str(jobs), "--out", str(folder)]
    start, peak = time.perf_counter(), 0.0
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        peak = max(peak, _memory(process))
        time.sleep(0.2)
    return time.perf_counter() - start, peak / 1e9, int(process.returncode)


def _memory(process: psutil.Process) -> float:
    """Bytes of the process and all below it, each shared page divided among its users."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        for one in [process, *process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                usage = one.memory_full_info()
                total += getattr(usage, "pss", usage.uss)
    return total
