"""How much of a bound was used: the word that measures of all claims share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy import ndarray

__all__ = ["of_lower_bound"]


def of_lower_bound(kept: Float[ndarray, " R"]) -> Float[ndarray, " R"]:
    """1/kept, with ``kept`` measured over a positive lower bound; infinite where nothing positive was left."""
    return np.divide(1.0, kept, out=np.full_like(kept, np.inf), where=kept > 0)
