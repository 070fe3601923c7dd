"""The commands `attack` and `replay`."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate
from tqdm import tqdm

from claimtest.attack.attack import Attack, Found
from claimtest.attack.record import Record, attack_on
from claimtest.attack.search import Search, Stop, Tell
from claimtest.check import Pack
from claimtest.executor import one_thread
from claimtest.visible import visible

__all__ = ["attack_claim", "replay_file"]

SEARCHING = 0.8
"""Share of the time that is for the search; the rest is for shrinking what it found."""


def attack_claim(pack: Pack, claim: str, minutes: float, seed: int, file: Path, versions: Mapping[str, str]) -> int:
    """Search for that long, shrink, write ``file`` and tell; 1 if a bound is broken.

    Ctrl-C ends the search early: what was found so far is shrunk and written.
    """
    attack = attack_on(pack, claim)
    start, seconds = time.monotonic(), 60 * minutes
    search = Search(attack, seed)
    with one_thread(), _progress(claim, start, seconds) as tell:
        try:
            search.climb(_after(SEARCHING * seconds), tell)
        except KeyboardInterrupt:
            if not search.tried:
                raise
        tried = search.tried
        kept = search.shrink(_after((1 - SEARCHING) * seconds), tell)
    how = {"seed": seed, "tried": tried, "versions": dict(versions)}
    Record(claim, kept, how).write(file, attack.bounds)
    print(_table(attack, search, kept))
    print(f"\n{tried} examples tried, {search.tried - tried} more to shrink the worst: {_verdict(search.found)}")
    print(file)
    return 1 if search.found.broken else 0


def _after(seconds: float) -> Stop:
    """So long after it is first asked, and not before one example was measured."""
    first: list[float] = []

    def over(search: Search) -> bool:
        now = time.monotonic()
        if not first:
            first.append(now)
        return search.tried > 0 and now - first[0] > seconds

    return over


def _verdict(worst: Found) -> str:
    if worst.broken:
        return f"a bound is BROKEN, by a factor of {worst.ratio:.6g}"
    return f"no bound is broken; the worst uses {worst.ratio:.6g} of one"


def _table(attack: Attack, found: Search, kept: Found) -> str:
    rows = [
        (name, words, f"{found.worst[name].ratios[name]:.6g}" if name in found.worst else "",
         f"{kept.ratios[name]:.6g}" if name in kept.ratios else "")
        for name, words in attack.bounds.items()
    ]  # fmt: skip
    return tabulate(rows, ("bound", "says", "worst ratio", "in the file"), disable_numparse=True)


@contextmanager
def _progress(claim: str, start: float, seconds: float) -> Iterator[Tell]:
    """A bar of the seconds that have passed, with the number of examples and the worst ratio; on terminals only."""
    form = "{desc}: {percentage:3.0f}% of " + f"{seconds / 60:g} min{{postfix}}"
    with tqdm(total=seconds, desc=claim, leave=False, disable=None, bar_format=form) as bar:

        def tell(search: Search) -> None:
            bar.set_postfix_str(f"{search.tried} examples, worst ratio {search.found.ratio:.4g}", refresh=False)
            bar.update(min(time.monotonic() - start, seconds) - bar.n)

        yield tell


def replay_file(pack: Pack, file: Path) -> int:
    """Measure the example of a file again and tell; 1 if it breaks a bound or comes out differently."""
    record = Record.read(file)
    attack = attack_on(pack, record.claim)
    with one_thread():
        now = record.again(attack)
    names = dict.fromkeys([*record.found.ratios, *now.ratios])
    before, after = (([f.ratios.get(name, math.nan) for name in names]) for f in (record.found, now))
    rows = [(name, repr(b), repr(a), "yes" if a == b else "NO")
            for name, b, a in zip(names, before, after, strict=True)]  # fmt: skip
    print(visible(tabulate(rows, (record.claim, "in the file", "now", "the same"), disable_numparse=True)))
    same = before == after
    print(f"\n{'reproduced exactly' if same else 'NOT reproduced: other code, libraries or processor'}"
          f"{''.join(f'; {name} is BROKEN' for name in now.broken)}")  # fmt: skip
    return 0 if same and not now.broken else 1
