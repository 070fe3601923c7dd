"""Criteria: statistical laws that turn samples into an outcome, each with its three verbs.

*judge* the samples, the effect *detectable* with n of them, and the n *needed* for an effect.
"""

from claimtest.criteria.exact import Ceiling, Identity
from claimtest.criteria.law import Law, Outcome, Samples, decide
from claimtest.criteria.mean import AtLeast, AtMost, Constant
from claimtest.criteria.order import ExactOrder, OrderBound
from claimtest.criteria.probability import Probability
from claimtest.criteria.trend import Trend

__all__ = [
    "AtLeast",
    "AtMost",
    "Ceiling",
    "Constant",
    "ExactOrder",
    "Identity",
    "Law",
    "OrderBound",
    "Outcome",
    "Probability",
    "Samples",
    "Trend",
    "decide",
]
