"""The coins, flipped by processes that write down every address they connect to, into the folder of the environment."""

import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

from claimtest.cells import Experiment
from claimtest.check import Pack
from tests.claimtest import toy_pack

_SEEN: list[str] = []


def _watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto") and arguments[0].family != socket.AF_UNIX:
        _SEEN.append(f"{event} {arguments[1]!r}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        _SEEN.append(f"{event} {arguments[0]!r}")


def watched(case, width, seeds, device):
    found = toy_pack.flip(case, width, seeds, device)
    Path(os.environ["CLAIMTEST_WATCH"], f"worker-{os.getpid()}.json").write_text(json.dumps(_SEEN))
    return found


sys.addaudithook(_watch)
SWEEP = replace(toy_pack.SWEEP, experiment=Experiment("watched", watched, lambda case, width: width))
(_PART,) = toy_pack.CLT_CHECK.readings
CHECK = replace(
    toy_pack.CLT_CHECK,
    claim=replace(toy_pack.CLT, depends_on=()),
    readings=(replace(_PART, criteria=tuple(replace(c, sweep=SWEEP) for c in _PART.criteria)),),
    attack=toy_pack.SOUND,
)
PACK = Pack("tests.claimtest.watched_pack", "Coins under watch", (CHECK,), toy_pack.PACK.cases, packages=("tests",))
