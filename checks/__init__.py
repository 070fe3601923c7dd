"""Where prediction meets measurement: cases, experiments and one check per claim, gathered in the pack ``PACK``.

The pack is loaded when somebody asks for it: the command line starts processes first that load it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.pack import PACK

__all__ = ["PACK"]


def __getattr__(name: str) -> Any:
    if name != "PACK":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from checks.pack import PACK

    return PACK
