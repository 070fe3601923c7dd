"""The pack: every check in paper order, and where its cases come from."""

from pathlib import Path

from checks.cases import case_book
from checks.definition1 import CHECK as DEFINITION1
from checks.figure1 import CHECK as FIGURE1
from checks.figure2 import CHECK as FIGURE2
from checks.figure3 import CHECK as FIGURE3
from checks.figure4 import CHECK as FIGURE4
from checks.lemma1 import CHECK as LEMMA1
from checks.lemma2 import CHECK as LEMMA2
from checks.lemma3 import CHECK as LEMMA3
from checks.lemma4 import CHECK as LEMMA4
from checks.lemma5 import CHECK as LEMMA5
from checks.own_data import case_from_data
from checks.theorem1 import CHECK as THEOREM1
from checks.theorem2 import CHECK as THEOREM2
from claimtest.check import Pack

__all__ = ["PACK"]

PACK = Pack(
    module="checks",
    title="Over-parameterised variational autoencoders on trial (Wang & Huang, arXiv 2409.05349)",
    checks=(
        DEFINITION1,
        LEMMA1,
        LEMMA2,
        LEMMA3,
        LEMMA4,
        LEMMA5,
        THEOREM1,
        THEOREM2,
        FIGURE1,
        FIGURE2,
        FIGURE3,
        FIGURE4,
    ),
    cases=case_book,
    packages=("checks", "models", "theorems"),
    cases_from_data=case_from_data,
    reference=Path(__file__).parent / "data" / "reference.json",
)
