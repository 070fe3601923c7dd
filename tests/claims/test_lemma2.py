"""The readings of lemma2 on trial: pytest -m lemma2."""

from claimtest.pytest_plugin import claim_test

test_lemma2 = claim_test("lemma2")
