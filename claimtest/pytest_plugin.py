"""pytest's door: a test per reading, the same engine, cells and verdicts as on the command line.

A test module of a claim takes two lines::

    from claimtest.pytest_plugin import claim_test
    test_theorem1 = claim_test("theorem1")

The ini option ``claims_pack`` names the module of the pack; without it the plug-in is silent and loads nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from claimtest.executors import OPTIONS

__all__ = ["claim_test"]

_active: list[Any] = []
"""The plug-ins of the running pytest configurations: one, but for pytest's own tests of plug-ins."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of a claims run."""
    group = parser.getgroup("claims", "theorems on trial")
    group.addoption("--claims-profile", default="quick", metavar="NAME", help="quick (default), standard or thorough")
    group.addoption("--claims-report", metavar="DIR", help="write the report here; keep and use the evidence here")
    group.addoption("--claims-device", default="cpu", metavar="NAME", help="cpu (default) or cuda")
    group.addoption("--claims-jobs", metavar="N", help="worker processes (default: the cores available)")
    group.addoption("--claims-seed", default="0", metavar="N", help="root seed of cases and replicates (default 0)")
    for option, (metavar, text) in OPTIONS.items():
        group.addoption(f"--claims-{option}", metavar=metavar, help=text)
    parser.addini("claims_pack", "module whose attribute PACK holds the claims", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Load the pack, where there is one, and register a marker per claim."""
    module = config.getini("claims_pack")
    if not module:
        return
    from claimtest.errors import UsageError
    from claimtest.pool import warm_up
    from claimtest.pytest_claims import ClaimsPlugin, measures_here

    if config.option.markexpr and measures_here(config):  # claims asked for by name: load the pack twice at a time
        warm_up(module)
    try:
        plugin = ClaimsPlugin(config, module)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(plugin, "claims")
    _active.append(plugin)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Forget the pack and the temporary evidence."""
    if plugin := config.pluginmanager.get_plugin("claims"):
        plugin.close()
        _active.remove(plugin)


def claim_test(claim: str) -> Callable[..., None]:
    """A test per reading of this claim, marked with the claim's name.

    A reading passes if its verdict is the expected one and every control that counts was rejected. What could not be
    decided is skipped with the reason at the quick profile and fails at the others.
    Raises CollectError, which pytest shows as one line, if the pack cannot be loaded or has no such claim.
    """
    if not _active:
        raise pytest.Collector.CollectError("claim_test needs the ini option claims_pack: the module of the pack")
    plugin = _active[-1]
    try:
        stated = plugin.check(claim).claim
    except (ValueError, RuntimeError) as error:  # UsageError, RunError
        raise pytest.Collector.CollectError(str(error)) from None
    plugin.warm_up()
    caller = sys._getframe(1)

    @getattr(pytest.mark, claim)
    @pytest.mark.parametrize("reading", [reading.id for reading in stated.readings])
    def test(reading: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
        plugin.test_reading(claim, reading, request.session, record_property)

    test.__doc__ = stated.title
    test.claim = claim  # type: ignore[attr-defined]
    # pytest, and the JUnit files that it writes, place the tests where they were asked for
    place = caller.f_code.replace(co_firstlineno=caller.f_lineno)
    test.place_as = FunctionType(place, {})  # type: ignore[attr-defined]
    return test
