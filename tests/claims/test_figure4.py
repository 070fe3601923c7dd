"""The readings of figure4 on trial: pytest -m figure4."""

from claimtest.pytest_plugin import claim_test

test_figure4 = claim_test("figure4")
