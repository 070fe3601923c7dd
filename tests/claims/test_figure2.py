"""The readings of figure2 on trial: pytest -m figure2."""

from claimtest.pytest_plugin import claim_test

test_figure2 = claim_test("figure2")
