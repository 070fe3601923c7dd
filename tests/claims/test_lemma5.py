"""The readings of lemma5 on trial: pytest -m lemma5."""

from claimtest.pytest_plugin import claim_test

test_lemma5 = claim_test("lemma5")
