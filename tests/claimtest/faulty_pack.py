"""Coins whose experiments misbehave as the environment says: for the tests of the runner and the command line."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from claimtest.cells import Experiment
from claimtest.check import Check, Pack
from tests.claimtest import toy_pack

TROUBLE = "CLAIMTEST_TROUBLE"
MARK = "CLAIMTEST_MARK"
"""Names a file that appears when a cell hangs."""


def trouble(case, width, seeds, device):
    """Flip coins and count threads, after a nap, an exception or death where the environment asks for it."""
    asked = os.environ.get(TROUBLE, "")
    if asked == "slow":
        time.sleep(4.0 if width < 32 else 0.05)  # narrow ones come last: nobody has to be quick to stop the run
    if asked == "hang":
        Path(os.environ[MARK]).touch()
        threading.Event().wait()
    if width == 64 and asked == "raise":
        raise OSError("no coin\nleft")
    if width == 64 and asked == "die":
        os._exit(9)
    threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
    about = {"threads": threads, "variable": float(os.environ["OMP_NUM_THREADS"])}
    return toy_pack.flip(case, width, seeds, device) | {name: np.full(len(seeds), x) for name, x in about.items()}


SWEEP = replace(toy_pack.SWEEP, experiment=Experiment("trouble", trouble, lambda case, width: width))


def _troubled(check: Check) -> Check:
    parts = tuple(
        replace(part, criteria=tuple(replace(c, sweep=SWEEP) for c in part.criteria)) for part in check.readings
    )
    return replace(check, readings=parts)


PACK = Pack(
    module="tests.claimtest.faulty_pack",
    title="Faulty coins",
    checks=(_troubled(replace(toy_pack.CLT_CHECK, claim=replace(toy_pack.CLT, depends_on=()))),),
    cases=lambda seed: toy_pack.PACK.cases(seed)[:1],
    packages=("tests",),
)
