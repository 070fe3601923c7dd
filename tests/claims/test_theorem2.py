"""The readings of theorem2 on trial: pytest -m theorem2."""

from claimtest.pytest_plugin import claim_test

test_theorem2 = claim_test("theorem2")
