"""The readings of theorem1 on trial: pytest -m theorem1."""

from claimtest.pytest_plugin import claim_test

test_theorem1 = claim_test("theorem1")
