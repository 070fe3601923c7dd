"""The readings of definition1 on trial: pytest -m definition1."""

from claimtest.pytest_plugin import claim_test

test_definition1 = claim_test("definition1")
