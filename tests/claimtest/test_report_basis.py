"""What a reading rests on, in words."""

from types import SimpleNamespace

import pytest

from claimtest.report.wording import basis


def case(source=None):
    return SimpleNamespace() if source is None else SimpleNamespace(source=source)


@pytest.mark.parametrize(
    ("cases", "words"),
    [
        ((), "0 cases"),
        ((case(),), "1 case"),
        ((case("sprites"), case("sprites")), "2 cases: sprites"),
        ((case("sprites"), case("box cars"), case()), "3 cases: sprites, box cars"),
    ],
    ids=["none", "nameless", "one", "several"],
)
def test_a_reading_says_how_many_cases_it_has_and_which_data_they_are_of(cases, words):
    assert basis(SimpleNamespace(cases=cases)) == words
