"""What is wrong with an argument is said under its own name, of predictions and of laws."""

import inspect
import re

import numpy as np
import pytest

from tests.fuzz.calls import THEOREMS
from tests.fuzz.machinery import CRITERIA
from theorems.duals import dual_of
from theorems.learned_ridge import averaged_kernel, hessian_kernel, independent_kernel

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


@pytest.mark.parametrize("kernel", [hessian_kernel, independent_kernel, averaged_kernel])
def test_points_off_the_sphere_are_called_points(kernel):
    x, off = np.eye(2), 2 * np.eye(2)
    arguments = {"dual": dual_of("erf"), "inputs": x, "points": off, "variance": 0.25}
    known = inspect.signature(kernel).parameters
    with pytest.raises(ValueError, match=r"^points: row 0 "):
        kernel(**{name: value for name, value in arguments.items() if name in known})
