"""What each command does, once its options are known to make sense."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from claimtest.check import Pack
from claimtest.compare import changes, changes_table, circumstances, read_report
from claimtest.errors import RunError, UsageError
from claimtest.finish import told, whole, with_details
from claimtest.options import writable_folder
from claimtest.packs import load_pack, select_claims
from claimtest.reference import Reference
from claimtest.runner import available_cores
from claimtest.seeds import SeedRun, Seeds
from claimtest.session import STORE, Session
from claimtest.userdata import read_matrix

__all__ = [
    "command_attack",
    "command_calibrate",
    "command_diff",
    "command_list",
    "command_plan",
    "command_replay",
    "command_report",
    "command_seeds",
    "command_show",
    "command_verify",
]


def command_list(options: argparse.Namespace) -> int:
    """Print the table of claims."""
    from claimtest.listing import claims_table

    print(claims_table(load_pack(options.pack)))
    return 0


def command_show(options: argparse.Namespace) -> int:
    """Print one claim and its last verdict, if a report lies in the output folder."""
    from claimtest.listing import claim_text

    pack = load_pack(options.pack)
    (claim,) = select_claims(pack, [options.claim])
    print(claim_text(pack.check(claim), options.out))
    return 0


def command_diff(options: argparse.Namespace) -> int:
    """Print what moved between two reports; 1 if anything did."""
    old, new = read_report(options.old), read_report(options.new)
    if apart := circumstances(old, new):
        print(apart, end="\n\n")
    found = changes(old, new)
    print(changes_table(found) if found else "no verdict and no estimate moved")
    return 1 if found else 0


def command_attack(options: argparse.Namespace) -> int:
    """Search for an example that breaks a claim, and write the worst; 1 if one does."""
    from claimtest.attack.command import attack_claim  # brings Hypothesis
    from claimtest.attack.record import attack_on

    pack = load_pack(options.pack)
    attack_on(pack, options.claim)
    writable_folder(options.out.parent)
    versions = Session(pack).versions
    return attack_claim(pack, options.claim, options.minutes, options.seed, options.out, versions)


def command_replay(options: argparse.Namespace) -> int:
    """Measure again the example of a file; 1 if it breaks a bound or differs."""
    from claimtest.attack.command import replay_file

    return replay_file(load_pack(options.pack), options.file)


def command_verify(options: argparse.Namespace) -> int:
    """Measure what is missing, judge, write the report."""
    book = _own_data(options)
    pack = load_pack(options.pack)
    claims = select_claims(pack, options.claims)
    writable_folder(options.out)
    session = _session(pack, options, book)
    try:
        run, page = session.judge_and_write(claims, options.out)
    except RunError as error:
        raise with_details(error, options.out) from None
    finally:
        session.close()
    return told(run, page, options)


def command_seeds(options: argparse.Namespace) -> int:
    """Judge the claims under one root seed after the other; 1 if a verdict contradicts in any of the runs.

    One store holds the evidence of all, so that an interrupted command goes on where it stopped.
    """
    book = _own_data(options)
    pack = load_pack(options.pack)
    claims = select_claims(pack, options.claims)
    writable_folder(options.out)
    seeds = Seeds(options.profile, [])
    for seed in range(options.seed, options.seed + options.runs):
        options.seed = seed
        session = _session(pack, options, book)
        try:
            seeds.runs.append(SeedRun.of(whole(session.judge(claims))))
        except RunError as error:
            raise with_details(error, options.out) from None
        finally:
            session.close()
        print(seeds.runs[-1].line, flush=True)
        seeds.write(options.out)
    print(f"\n{seeds.text()}\n\n{seeds.write(options.out)}")
    return 0 if seeds.sound else 1


def command_report(options: argparse.Namespace) -> int:
    """Write the report of those claims whose evidence is complete."""
    book = _own_data(options)
    pack = load_pack(options.pack)
    claims = select_claims(pack, options.claims)
    _stored(options)
    writable_folder(options.out)
    session = _session(pack, options, book)
    try:
        missing = session.missing(claims)
        if aside := session.runner.store.set_aside:
            where = options.out / aside
            raise RunError(f"nothing is written: the evidence was damaged and is now in {where} (verify measures anew)")
        complete = [claim for claim, (lacking, _) in missing.items() if not lacking]
        for claim, (lacking, total) in missing.items():
            if lacking:
                print(f"{claim}: {lacking} of {total} cells are not measured, left out (verify measures them)")
        if not complete:
            raise RunError(f"no claim has all its evidence in {options.out} at this profile, seed and device")
        run, page = session.judge_and_write(complete, options.out, options.format)
    finally:
        session.close()
    return told(run, page, options)


def command_plan(options: argparse.Namespace) -> int:
    """Print what a run would measure, cost and detect; measure nothing and write nothing."""
    from claimtest.plan import plan_text, reference_of

    book = _own_data(options)
    pack = load_pack(options.pack)
    claims = select_claims(pack, options.claims)
    folder = options.out if (options.out / STORE).exists() else None
    session = _session(pack, options, book, folder)
    try:
        print(plan_text(session, claims))
        if options.record is not None:
            _record(reference_of(session, claims), options.record)
    finally:
        session.close()
    return 0


def _record(reference: Reference, file: Path) -> None:
    try:
        reference.write(file)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror or error}") from None


def command_calibrate(options: argparse.Namespace) -> int:
    """Simulate how often the criteria err, on evidence like that of the output folder; 1 if a promise is broken."""
    from claimtest.calibration.command import run_calibration

    book = _own_data(options)
    pack = load_pack(options.pack)
    claims = select_claims(pack, options.claims)
    writable_folder(options.out)
    session = _session(pack, options, book, options.out if (options.out / STORE).exists() else None)
    try:
        return run_calibration(session, claims, options.trials, options.out)
    finally:
        session.close()


def _session(pack: Pack, options: argparse.Namespace, data: tuple[Any, ...] | None, folder: Any = ...) -> Session:
    """A session as the options say, on the user's own matrices where given."""
    jobs = getattr(options, "jobs", None) or available_cores()
    session = Session(
        pack,
        replace(options.profile, strict=options.profile.strict or getattr(options, "strict", False)),
        options.seed,
        options.device,
        jobs,
        options.out if folder is ... else folder,
        progress=False if getattr(options, "quiet", False) else None,
        executor=options.where.executor(pack, jobs) if "where" in options else None,
    )
    if data is not None:
        if pack.cases_from_data is None:
            raise UsageError(f"the pack {options.pack!r} does not take your own data")
        try:
            own = pack.cases_from_data(*data)
        except ValueError as error:
            raise UsageError(f"{options.inputs}: {error}") from None
        session.book = lambda: own
    return session


def _own_data(options: argparse.Namespace) -> tuple[Any, ...] | None:
    """The user's inputs, targets and widths. Raises UsageError if they cannot be read or do not fit."""
    if options.inputs is None:
        return None
    inputs = read_matrix(Path(options.inputs))
    targets = read_matrix(Path(options.targets)) if options.targets is not None else None
    if targets is not None and len(targets) != len(inputs):
        raise UsageError(f"{options.targets} has {len(targets)} rows, {options.inputs} has {len(inputs)}")
    return inputs, targets, options.widths


def _stored(options: argparse.Namespace) -> None:
    if not (options.out / STORE).exists():
        raise RunError(f"nothing is stored in {options.out}: run verify first")
