"""Mutation testing of the closed forms and the criteria: `make mutants`, explained in docs/mutants.md.

python -m tests.mutants --sample 300 --seed 0 [--jobs 2]    a sample, of each module in proportion
python -m tests.mutants                                     all of them
python -m tests.mutants --report                            what is known so far, survivors with their differences
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tabulate import tabulate

from claimtest.criteria.probability import clopper_pearson

ROOT = Path(__file__).parents[1]
MUTANTS = ROOT / "mutants"
VERDICTS = {0: "survived", 1: "killed", 3: "killed", 5: "no test", 33: "no test"}
VERDICTS |= dict.fromkeys((36, 24, -24, 152), "clock")
"""By mutmut's exit codes; "clock": the tests would not end, and were stopped.

255, which mutmut calls a timeout too, says that pytest refused the tests' ids: those with a backslash, or a letter that
pytest writes as one.
"""

ENDS = ("killed", "clock", "survived", "no test")

Known = dict[str, dict[str, int | None]]
"""By module: each mutant with its exit code."""


def known() -> Known:
    """Every mutant that mutmut has made, by module, in its order."""
    found = {}
    for file in sorted(MUTANTS.rglob("*.py.meta")):
        codes = json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
        if codes:
            found[str(file.relative_to(MUTANTS)).removesuffix(".meta")] = codes
    return found


def sample(mutants: Known, number: int, seed: int) -> list[str]:
    """So many mutants, from each module in proportion to what it has: every k-th of a shuffled list in module order."""
    rng = random.Random(seed)
    shuffled = [rng.sample(list(names), len(names)) for names in mutants.values()]
    everyone = list(itertools.chain.from_iterable(shuffled))
    step = len(everyone) / min(number, len(everyone))
    return [everyone[int((k + 0.5) * step)] for k in range(min(number, len(everyone)))]


def mutmut(*arguments: str) -> str:
    """Run mutmut on one thread per process and with the same examples every time; returns what it printed."""
    environment = os.environ | {"CI": "1", "OMP_NUM_THREADS": "1"}
    tool = str(Path(__file__).with_name("mutation_tool.py"))
    command = [sys.executable, "-P", tool, *arguments]  # -P: no folder of unmutated code at the head of the path
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if run.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{run.stdout[-3000:]}")
    return run.stdout


def verdict(code: int | None) -> str | None:
    """What became of a mutant; None if it was not tried."""
    return None if code is None else VERDICTS.get(code, f"exit code {code}")


def table(mutants: Known) -> str:
    """A line per module, and the share killed of those tried, with its exact 95 % interval."""
    rows, whole = [], Counter[str]()
    for module, codes in mutants.items():
        count = Counter(v for v in map(verdict, codes.values()) if v)
        whole += count
        rows.append((module, len(codes), count.total(), *(count[name] for name in ENDS)))
    tried, killed = whole.total(), whole["killed"]  # the clock stops slow machines as well as endless loops
    rows.append(("all", sum(r[1] for r in rows), tried, *(whole[name] for name in ENDS)))
    text = tabulate(rows, ("module", "mutants", "tried", *ENDS))
    if tried:
        low, high = clopper_pearson(killed, tried, 0.05)
        text += f"\n\nkilled: {killed / tried:.1%} of {tried} (95 % interval {low:.1%} to {high:.1%})"
    others = {v: n for v, n in whole.items() if v not in ENDS}
    return text + (f"\nother ends: {others}" if others else "")


def survivors(mutants: Known) -> Iterable[str]:
    """Those that no test killed."""
    return (
        name
        for codes in mutants.values()
        for name, c in codes.items()
        if c is not None and verdict(c) not in ("killed", "clock")
    )


def differences(names: Iterable[str]) -> Iterator[str]:
    """What each of them changes."""
    for name in names:
        lines = mutmut("show", name).splitlines()
        yield "\n".join([name, *(line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---"))])


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number from 1 on is needed, not {text}")
    return int(text)


def main() -> None:
    """Make mutants, try a sample or all of them, tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=positive, default=0, help="how many (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1)
    parser.add_argument("--report", action="store_true", help="try none")
    options = parser.parse_args()
    run = ("run", "--max-children", str(options.jobs))
    if not options.report and not options.sample:
        mutmut(*run)
    elif not options.report:
        if not known():
            mutmut(*run, "theorems.lemma2.x_stated_width__mutmut_*")  # makes all, tries a few
        mutmut(*run, *sample(known(), options.sample, options.seed))
    print(table(known()))
    for difference in differences(survivors(known())):
        print(f"\n{difference}")


if __name__ == "__main__":
    main()
