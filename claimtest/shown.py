"""Objects that show themselves in a notebook."""

from __future__ import annotations

from typing import Any

__all__ = ["Shown"]


class Shown:
    """Gives a class the methods that Jupyter asks for; what they show is in :mod:`claimtest.notebook`."""

    def __init_subclass__(cls) -> None:
        """Put the one line before the ``__repr__`` of a dataclass: IPython takes what the class itself has."""
        cls._repr_pretty_ = Shown._repr_pretty_

    def _repr_html_(self) -> str:
        """A fragment of HTML, every string in it escaped."""
        from claimtest.notebook import html_of  # the words and numbers of the report: not needed until something shows

        return html_of(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """One line where only text can be shown: the whole of a result takes pages."""
        says = None if isinstance(self, str) else getattr(self, "verdict", getattr(self, "title", None))
        printer.text(f"{type(self).__name__}: {says}" if says else repr(self))
