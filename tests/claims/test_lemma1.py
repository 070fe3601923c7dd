"""The readings of lemma1 on trial: pytest -m lemma1."""

from claimtest.pytest_plugin import claim_test

test_lemma1 = claim_test("lemma1")
