"""The readings of lemma3 on trial: pytest -m lemma3."""

from claimtest.pytest_plugin import claim_test

test_lemma3 = claim_test("lemma3")
