"""Sizes: with the noise of the recorded runs every profile sees what it says it detects."""

import pytest

from checks.pack import PACK
from claimtest.plan import planned
from claimtest.profile import PROFILES
from claimtest.reference import Reference
from claimtest.session import Session


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda p: p.name)
def test_every_criterion_has_the_replicates_that_its_effect_takes(profile):
    session = Session(PACK, profile)
    claims = [check.claim.id for check in PACK.checks if any(reading.expected for reading in check.claim.readings)]
    plans = [plan for plan in planned(session, claims, Reference.read(PACK.reference)) if plan.needed is not None]
    assert len(plans) > 60
    assert [f"{p.name}: {p.needed} of {p.count(profile)}" for p in plans if p.needed > p.count(profile)] == []
