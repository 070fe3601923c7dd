"""Whether another process would measure the same numbers: what it must have in common with this one.

Evidence is keyed by the sources and the library versions of the process that asks for it. A worker elsewhere may have
others, so each is asked for its own *fingerprint* before it measures. Processors are not compared: numbers are the same
bits on the same kind of processor, and agree to round-off across kinds.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping

from claimtest.cells import Experiment
from claimtest.check import Pack
from claimtest.sources import code_digest, experiment_libraries, import_closure, sources_digest

__all__ = ["Fingerprint", "difference", "fingerprint"]

Fingerprint = Mapping[str, str]
"""What must agree, by name, what explains most first."""


def fingerprint(experiment: Experiment, pack: Pack) -> Fingerprint:
    """Python (its minor version: syntax trees differ), libraries, and the digests of the sources behind the numbers."""
    own = import_closure(["claimtest.cells"], ("claimtest",))
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        **experiment_libraries(experiment, pack.packages, pack.module),
        "sources of claimtest": code_digest(own),
        f"sources of experiment {experiment.id!r}": sources_digest(experiment, pack.packages, pack.module),
    }


def difference(expected: Fingerprint, found: Fingerprint) -> str:
    """What differs first, in words that go on a sentence about the owner of ``found``; "" if nothing does."""
    for name in [*expected, *found]:
        here, there = expected.get(name), found.get(name)
        if here != there:
            if name.startswith("sources"):
                return f"has other {name} than this process ({there or 'none'}, not {here}): bring it up to date"
            return f"has {name} {there or 'not at all'} where this process has {here or 'none'}: install the same"
    return ""
