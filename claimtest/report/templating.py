"""The templates of the report. Everything they show is escaped unless it was made by the report itself."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from claimtest.report.controls import tally
from claimtest.report.mathematics import display, plain, prose
from claimtest.report.wording import PROVENANCE, anchor, basis, estimate, expectation, interval, number, region

__all__ = ["render"]


def render(template: str, **context: Any) -> str:
    """The template of that name, filled in."""
    return _environment().get_template(template).render(**context)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("claimtest.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        prose=prose, display=display, plain=plain, number=number, estimate=estimate, interval=interval,
        region=region, expectation=expectation, tally=tally, basis=basis,
    )  # fmt: skip
    environment.globals.update(anchor=anchor, provenance_words=PROVENANCE)
    return environment
