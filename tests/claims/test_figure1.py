"""The readings of figure1 on trial: pytest -m figure1."""

from claimtest.pytest_plugin import claim_test

test_figure1 = claim_test("figure1")
