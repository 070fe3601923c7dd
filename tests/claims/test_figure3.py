"""The readings of figure3 on trial: pytest -m figure3."""

from claimtest.pytest_plugin import claim_test

test_figure3 = claim_test("figure3")
