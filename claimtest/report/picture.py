"""One picture of a report, with its data and alternative text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Picture"]


@dataclass(frozen=True)
class Picture:
    """A picture (or, without ``svg``, a table) with what a reader needs who cannot see it."""

    name: str
    title: str
    alt: str
    svg: str
    data: Mapping[str, Sequence[Any]]
    caption: str = ""
    failed: str = ""
    leads: bool = False
    whole: bool = False

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The data row by row; columns of unequal length are filled up with blanks."""
        longest = max((len(column) for column in self.data.values()), default=0)
        return [tuple(c[k] if k < len(c) else "" for c in self.data.values()) for k in range(longest)]

    @property
    def csv(self) -> str:
        """The data as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.data.keys())
        writer.writerows(self.rows)
        return text.getvalue()
