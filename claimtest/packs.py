"""Finding packs and the claims in them."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Collection, Sequence
from types import ModuleType

from claimtest.check import Pack
from claimtest.errors import RunError, UsageError

__all__ = ["load_pack", "near_matches", "select_claims"]


def load_pack(module: str) -> Pack:
    """The attribute PACK of an importable module; the working directory is searched too.

    Raises UsageError if there is no such module or pack and RunError if importing it fails, in one line.
    """
    if not all(part.isidentifier() for part in module.split(".")):
        raise UsageError(f"no pack {module!r}: give the dotted name of a module, such as examples.du2019")
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())
    try:
        found = importlib.import_module(module)
        pack = found.PACK if _offers(found) else None  # a package may load its pack only now
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(f"{error.name}.")):
            raise UsageError(f"no pack {module!r}: there is no module {error.name!r} (give a dotted name)") from None
        raise RunError(f"pack {module!r} cannot be loaded: {error}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"pack {module!r} cannot be loaded: {_line(error)}") from None
    except Exception as error:
        raise RunError(f"pack {module!r} cannot be loaded: {_line(error)}") from None
    if not isinstance(pack, Pack):
        raise UsageError(f"module {module!r} is no pack: it has no attribute PACK that is a claimtest.check.Pack")
    if not _is_found_under_its_name(pack, module):
        raise UsageError(
            f"pack {module!r} calls itself {pack.module!r}, which is where other processes would look for its "
            f"experiments: its first argument has to be {module!r}"
        )
    return pack


def _is_found_under_its_name(pack: Pack, module: str) -> bool:
    if pack.module == module:
        return True
    try:
        return importlib.import_module(pack.module).PACK is pack
    except Exception:
        return False


def _offers(module: ModuleType) -> bool:
    return "PACK" in vars(module) or "PACK" in getattr(module, "__all__", ())


def select_claims(pack: Pack, names: Sequence[str]) -> list[str]:
    """The ids of these claims, or of all if none is named, in the pack's order.

    Raises UsageError, with the near matches, for an unknown one.
    """
    known = [check.claim.id for check in pack.checks]
    for name in names:
        if name not in known:
            raise UsageError(f"unknown claim {name!r}{near_matches(name, known)}")
    return [name for name in known if not names or name in names]


def near_matches(name: str, known: Collection[str]) -> str:
    """A half-sentence that helps somebody who mistyped ``name``."""
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    return f": did you mean {' or '.join(near)}?" if near else f" (there are: {', '.join(known)})"


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
