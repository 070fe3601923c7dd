"""The command line: what can be asked and with which options. Every error is one line on stderr, never a traceback."""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from claimtest.errors import RunError, UsageError
from claimtest.output import checked_output, drop_output
from claimtest.visible import visible

__all__ = ["main"]


MOST_JOBS, MOST_RUNS, MOST_TRIALS = 4096, 10_000, 10**9
"""Beyond these an option is a slip of the finger: processes of one machine, a week of runs, hours of simulation."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, with the near matches of a word that is none of those known."""
        found = re.search(r"(?:argument (.+?): )?invalid choice: '(.*)' \(choose from (.*)\)", message)
        if found:
            from claimtest.packs import near_matches  # brings numpy

            what, word, known = found[1] or "argument", found[2], re.findall(r"[\w-]+", found[3])
            what = f"unknown {what.lower()}" if what.isupper() else f"{what}: unknown"
            raise UsageError(f"{what} {word!r}{near_matches(word, known)}")
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None, pack: str | None = None, prog: str = "claimtest") -> int:
    """Run the command line on ``argv``, for the pack of that module unless --pack names one; returns the exit status.

    0: every verdict is as expected and every control came out as it must; 1: something contradicts; 2: bad usage;
    3: could not run; 130: interrupted.
    """
    try:
        options = _parser(pack, prog).parse_args(argv)
        _complete(options)
        # the pack that --pack names is the reader's own, though something installed may bear the same name
        if pack is None and os.getcwd() not in sys.path[:1]:
            sys.path.insert(0, os.getcwd())
        with checked_output():
            return _run(options)
    except (UsageError, RunError) as error:
        _say(f"{prog}: error: {' '.join(str(error).split())}")
        return error.status
    except KeyboardInterrupt as stop:
        _say(f"{prog}: interrupted: {stop.args[0] if stop.args else 'nothing lost'}")
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        drop_output()
        return 3
    except Exception as error:  # a mistake, in a pack or here: no verdict, whatever has been judged by then
        if os.environ.get("CLAIMTEST_TRACEBACK"):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        words = " ".join(f"{type(error).__name__}: {error}".split())
        _say(f"{prog}: error: {words} ({Path(place.filename).name}:{place.lineno}; CLAIMTEST_TRACEBACK=1 shows all)")
        return RunError.status


def _say(message: str) -> None:
    with suppress(OSError):  # nobody hears it, but the exit status says it too
        print(visible(message), file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> int:
    if options.command == "seeds" or (options.command == "verify" and options.where.is_local):
        from claimtest.pool import warm_up

        warm_up(options.pack)  # workers load the pack while we do
    from claimtest import commands

    status = getattr(commands, f"command_{options.command}")(options)
    if sys.stdout:
        sys.stdout.flush()
    return status


def _parser(pack: str | None, prog: str) -> argparse.ArgumentParser:
    parser = _Parser(prog=prog, description="Put the claims of a theory on trial.", allow_abbrev=False)
    if pack is None:
        parser.add_argument("--pack", required=True, metavar="MODULE", help="module whose attribute PACK is the theory")
    else:
        parser.set_defaults(pack=pack)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, help_text, many in (
        ("list", "the claims, as a table", False),
        ("verify", "measure what is missing, judge, write the report", True),
        ("seeds", "verify under many root seeds: how often a verdict is wrong or stays open", True),
        ("report", "write the report again from stored evidence, measuring nothing", True),
        ("show", "one claim: statement, premises, readings, last verdict", False),
        ("plan", "what a run would measure, detect and cost", True),
        ("calibrate", "how often the criteria err, and what they see, on synthetic evidence as noisy as a run's", True),
        ("attack", "search for the example that comes nearest to breaking a claim; 1 if one breaks it", False),
        ("replay", "measure again what attack has written; 1 if a bound is broken or a digit differs", False),
        ("diff", "which verdicts and estimates moved between two report.json", False),
    ):
        command = commands.add_parser(name, help=help_text, description=help_text, allow_abbrev=False)
        _add_options(command, name, many)
    return parser


def _add_options(command: argparse.ArgumentParser, name: str, many: bool) -> None:
    if name == "list":
        return
    if name == "diff":
        command.add_argument("old", metavar="OLD.json", type=Path)
        command.add_argument("new", metavar="NEW.json", type=Path)
        return
    if name == "replay":
        command.add_argument("file", metavar="FILE", type=Path)
        return
    if name in ("show", "attack"):
        command.add_argument("claim", metavar="CLAIM")
    if name == "attack":
        command.add_argument("--minutes", default="5", metavar="N", help="how long to search and shrink (default: 5)")
        command.add_argument("--seed", default="0", metavar="N", help="where the search begins")
        command.add_argument("--out", metavar="FILE", help="file for the worst example (default: attack-CLAIM.json)")
        return
    command.add_argument("--out", default="claims-out", metavar="DIR", help="folder of report and evidence")
    if many:
        command.add_argument("claims", nargs="*", metavar="CLAIM", help="all, if none is named")
        command.add_argument("--profile", default="quick", help="quick, standard or thorough")
        first = ("1", "root seed of the first run") if name == "seeds" else ("0", "root seed of cases and replicates")
        command.add_argument("--seed", default=first[0], metavar="N", help=first[1])
        command.add_argument("--device", default="cpu", help="cpu or cuda")
        command.add_argument("--inputs", metavar="FILE", help="your own inputs, a row each (.npy, .csv)")
        command.add_argument("--targets", metavar="FILE", help="their targets, a row each")
        command.add_argument("--widths", metavar="A:B", help="narrowest and widest network for your own inputs")
    if name == "seeds":
        command.add_argument(
            "--runs", default="30", metavar="N", help="how many, each with the next seed (default: 30)"
        )
    if name in ("verify", "report"):
        command.add_argument("--strict", action="store_true", help="inconclusive verdicts fail, at quick too")
        command.add_argument("--quiet", action="store_true", help="no progress, no table: only the report's path")
    if name == "report":
        formats, text = ("html", "md", "json", "latex", "summary"), "html, with all files (default), or one file alone"
        command.add_argument("--format", choices=formats, default="html", help=text)
    if name == "plan":
        command.add_argument("--record", metavar="FILE", type=Path, help="write times and noise of what is stored")
    if name == "calibrate":
        command.add_argument("--trials", default="100000", metavar="N", help="synthetic samples of every design")
    if name == "verify":
        _add_executor(command)
    if name in ("verify", "seeds", "plan", "calibrate"):
        command.add_argument("--jobs", metavar="N", help="worker processes (default: the cores available)")


def _add_executor(command: argparse.ArgumentParser) -> None:
    from claimtest.executors import OPTIONS

    for option, (metavar, text) in OPTIONS.items():
        command.add_argument(f"--{option}", metavar=metavar, help=text)


def _complete(options: argparse.Namespace) -> None:
    """Check and convert what can be checked without loading the pack. Raises UsageError."""
    from claimtest.executors import OPTIONS, choice_of
    from claimtest.options import (
        device_named,
        folder_named,
        known_device,
        positive_number,
        profile_named,
        whole_number,
    )

    given = vars(options)
    if "minutes" in given:
        options.minutes = positive_number(options.minutes, "--minutes")
        options.out = options.out or f"attack-{options.claim}.json"
    local = True
    if "executor" in given:
        options.where = choice_of({option: given[option.replace("-", "_")] for option in OPTIONS})
        local = options.where.is_local
        if not local and given["jobs"] is not None:
            raise UsageError("--jobs goes with --executor local: a cluster measures on the workers that it has")
    if "out" in given:
        options.out = folder_named(options.out)
    if given.get("jobs") is not None:
        options.jobs = whole_number(options.jobs, "--jobs", 1, MOST_JOBS)
    if "seed" in given:
        options.seed = whole_number(options.seed, "--seed", 0)
    if "runs" in given:
        options.runs = whole_number(options.runs, "--runs", 1, MOST_RUNS)
    if "trials" in given:
        options.trials = whole_number(options.trials, "--trials", 1, MOST_TRIALS)
    if "profile" in given:
        options.profile = profile_named(options.profile)
        (device_named if local else known_device)(options.device)  # a cluster's workers look for their own
        if options.inputs is None and (options.targets or options.widths):
            raise UsageError("--targets and --widths go with --inputs FILE")
        if options.widths is not None:
            from claimtest.userdata import read_widths

            options.widths = read_widths(options.widths)


if __name__ == "__main__":
    sys.exit(main())
