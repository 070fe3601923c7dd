"""The readings of lemma4 on trial: pytest -m lemma4."""

from claimtest.pytest_plugin import claim_test

test_lemma4 = claim_test("lemma4")
