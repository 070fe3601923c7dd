"""Whole runs of the command line: wall time and memory on one worker process and on two."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.timing import Goal, Part

__all__ = ["whole_part"]


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


def _run(claims: Sequence[str], profile: str, jobs: int) -> tuple[float, float, int]:
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("vae-ntk"))
        command = [program, "verify", *claims, "--profile", profile, "--jobs", str(jobs)]
        start, peak = time.perf_counter(), 0.0
        process = psutil.Popen([*command, "--out", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
