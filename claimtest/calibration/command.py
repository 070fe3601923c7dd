"""The command `calibrate`: designs from a session, simulations, a table, and the files that the report shows."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from claimtest.calibration.certainty import certainties, evidence_of, left_out
from claimtest.calibration.gather import designs_of, stored_readings
from claimtest.calibration.run import Calibration, calibrate
from claimtest.calibration.sources import default_designs, hardest
from claimtest.files import write_text
from claimtest.session import Session

__all__ = ["run_calibration"]


def run_calibration(session: Session, claims: Sequence[str], trials: int, out: Path) -> int:
    """Simulate, print the tables and what is broken, and write calibration.json and calibration.svg; 1 if any is."""
    from claimtest.report.calibration import FILE, view_of  # brings matplotlib

    start = time.perf_counter()
    judged = stored_readings(session, claims)
    found = designs_of(judged)
    designs = [*hardest(found), *default_designs()]
    made = calibrate(designs, session.profile, trials, session.runner.jobs, session.progress)
    evidence = [e for claim, reading in judged for e in evidence_of(claim, reading, session.profile)]
    sure = certainties(evidence, trials, session.runner.jobs, session.progress)
    calibration = Calibration(session.profile, trials, tuple(made), tuple(sure), time.perf_counter() - start)
    entry = calibration.to_json()
    write_text(out / FILE, json.dumps(entry, indent=1, allow_nan=False) + "\n")
    write_text(out / "calibration.svg", view_of(entry).picture.svg)
    print(calibration.table())
    kept = "every promise is kept" if not calibration.broken else f"{len(calibration.broken)} promises are broken"
    print(f"\n{len(designs) - len(default_designs())} designs, the hardest of {len(found)} criteria, "
          f"and {len(default_designs())} that need no run: {kept}")  # fmt: skip
    if sure:
        print(f"\n{calibration.certain()}")
    if missing := [name for claim, reading in judged for name in left_out(claim, reading)]:
        print(f"not asked, nor are their controls, since they are not as expected: {', '.join(missing)}")
    if not judged:
        print("no evidence of these claims is stored at this profile and seed: `verify` first, to add their noise")
    for line in calibration.broken:
        print(f"  {line}")
    print(out / FILE)
    return 1 if calibration.broken else 0
