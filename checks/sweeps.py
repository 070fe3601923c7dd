"""The sweeps that claims share: which experiment runs on which cases, at which widths, with how many replicates.

Claims that name the same sweep share its evidence; a sweep that one claim alone reads lives with its check. Sizes are
chosen so that a true criterion holds, and a control comes out violated, with probability 0.9999 each (half-width of
the region at least the bias plus 8.3 standard errors).
"""

from __future__ import annotations

from checks.experiments.descent import DESCENT, STOCHASTIC
from checks.experiments.drift import DRIFT
from checks.experiments.eigenvalues import EIGENVALUES
from checks.experiments.flow import FLOW, STEPPING
from checks.experiments.initialisation import INITIALISATION
from checks.experiments.quasi import QUASI
from checks.experiments.reference import REFERENCE
from checks.experiments.sampled import IDENTITIES, SAMPLED
from checks.planning import (
    BLOCKS,
    LONGEST_LADDER,
    by_profile,
    drawn,
    growth,
    ladder,
    only,
    powers_of_two,
    quick_rungs,
    reachable,
    real,
    reference,
    rungs,
    sweep,
    swift,
    variant,
)

__all__ = [
    "CLOSENESS_SWEEP",
    "DESCENT_SWEEP",
    "DIGITS_DESCENT_SWEEP",
    "DIGITS_INITIAL_SWEEP",
    "DRIFT_SWEEP",
    "EIGENVALUE_SWEEP",
    "FLOW_SWEEP",
    "FROZEN_DECODER",
    "IDENTITY_SWEEP",
    "INITIAL_SWEEP",
    "NARROW_FLOW_SWEEP",
    "NARROW_SWEEP",
    "QUASI_SWEEP",
    "REFERENCE_SWEEP",
    "SAMPLED_SWEEP",
    "STEPPING_SWEEP",
    "STOCHASTIC_SWEEP",
]

IDENTITY_SWEEP = sweep(IDENTITIES, drawn, only(lambda p: 33), {"quick": 4, "standard": 8, "thorough": 16}, 4)
SAMPLED_SWEEP = sweep(
    SAMPLED,
    drawn,
    only(by_profile({"quick": 64, "standard": 256, "thorough": 512})),
    {"quick": 80, "standard": 96, "thorough": 128},
    16,
)
INITIAL_SWEEP = sweep(INITIALISATION, drawn, ladder, {"quick": 64, "standard": 64, "thorough": 128}, 32)
NARROW_SWEEP = sweep(
    INITIALISATION, drawn, only(lambda p: 16), {"quick": 4096, "standard": 24576, "thorough": 49152}, 1024
)
QUASI_SWEEP = sweep(QUASI, drawn, only(lambda p: 2**19), {"quick": 4, "standard": 6, "thorough": 8}, 2)
REFERENCE_SWEEP = sweep(REFERENCE, reference, only(lambda p: 1), {"quick": 1, "standard": 1, "thorough": 1}, 1)
DIGITS_INITIAL_SWEEP = sweep(
    INITIALISATION, real, quick_rungs(1, 5, 6), {"quick": 32, "standard": 32, "thorough": 72}, 8
)
EIGENVALUE_SWEEP = sweep(
    EIGENVALUES,
    growth,
    powers_of_two(by_profile({"quick": 11, "standard": 12, "thorough": 12})),
    {"quick": 400, "standard": 400, "thorough": 400},
    100,
)
CLOSENESS_SWEEP = sweep(
    EIGENVALUES,
    reachable(*BLOCKS),
    powers_of_two(by_profile(LONGEST_LADDER)),
    {"quick": 400, "standard": 400, "thorough": 400},
    100,
)
FLOW_SWEEP = sweep(FLOW, drawn, ladder, {"quick": 32, "standard": 32, "thorough": 32}, 16)
NARROW_FLOW_SWEEP = sweep(
    FLOW, growth, powers_of_two(lambda p: 5), {"quick": 32, "standard": 32, "thorough": 32}, 16
)  # below the ladder: where the theorem begins to hold
FROZEN_DECODER = variant(FLOW_SWEEP, "frozen-decoder", trainable=("mean", "scale"))
DRIFT_SWEEP = sweep(DRIFT, drawn, ladder, {"quick": 48, "standard": 48, "thorough": 48}, 16)
STEPPING_SWEEP = sweep(STEPPING, drawn, rungs(2, 2), {"quick": 36, "standard": 48, "thorough": 48}, 12)
DIGITS_DESCENT_SWEEP = sweep(DESCENT, real, rungs(1, 1), {"quick": 240, "standard": 240, "thorough": 256}, 16)
DESCENT_SWEEP = sweep(DESCENT, drawn, rungs(2, 3), {"quick": 64, "standard": 64, "thorough": 64}, 16)
STOCHASTIC_SWEEP = sweep(STOCHASTIC, swift, rungs(3, 4), {"quick": 64, "standard": 96, "thorough": 192}, 16)
