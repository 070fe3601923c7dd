"""What is wrong with an argument is said under its own name, of predictions and of laws."""

import re

import numpy as np
import pytest

from tests.fuzz.calls import THEOREMS
from tests.fuzz.machinery import CRITERIA

DATA = (np.ndarray, float, int)
OTHERWISE = {"r0": "(r0|residual)", "departure": "(effect|drop)", "values": "values"}
"""Where a message uses the field's word in place of the argument's name."""

ARGUMENTS = [
    pytest.param(call, argument, id=f"{name}-{argument}")
    for name, call in (THEOREMS | CRITERIA).items()
    for argument, value in call.arguments.items()
    if isinstance(value, DATA) and not isinstance(value, bool) and argument not in call.kept
]
"""Every argument that is data, of every public function that takes any."""


@pytest.mark.parametrize(("call", "argument"), ARGUMENTS)
def test_a_message_names_the_argument_that_is_no_number(call, argument):
    with pytest.raises((ValueError, TypeError)) as refused:
        call.function(**{**call.arguments, argument: "no number"})
    named = rf"(?<![A-Za-z_]){OTHERWISE.get(argument, argument)}(?![A-Za-z_])"
    assert re.search(named, str(refused.value)), str(refused.value)
