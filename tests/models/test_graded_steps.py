"""What makes training short: coordinates of the inputs, losses of the forward pass, steps that grow."""

import itertools
import math

import pytest
import torch

from models.objective import loss, mean_loss_gradient
from models.tangent import tangent_kernel
from models.training import descent_losses, graded_step, gradient_descent, gradient_flow, stable_step
from tests.models.problems import data, network
from tests.models.test_training import flow_by_scipy


@pytest.mark.parametrize("dimension", [3, 4, 9])
def test_fewer_inputs_than_dimensions_are_trained_in_their_coordinates(dimension):
    """The reference moves every entry of the rows; the part of them that no input sees stays where it was."""
    x, y = data(4, dimension, 2)
    net, by_hand = network(11, dimension, 2, [1, 2]), network(11, dimension, 2, [1, 2])
    for _ in range(5):
        gradient = mean_loss_gradient(by_hand, x, by_hand.mean_output(x) - y)
        by_hand = by_hand.replace_parameters({k: w - 0.1 * gradient[k] for k, w in by_hand.parameters().items()})
    *_, state = gradient_descent(net, x, y, 0.1, 5)
    for name, block in by_hand.parameters().items():
        torch.testing.assert_close(state.network.parameters()[name], block, rtol=1e-12, atol=1e-13)


def test_losses_of_descent_are_those_of_its_states():
    x, y = data(4, 6, 2)
    net = network(11, 6, 2, [1, 2, 3])
    slow = torch.stack([loss(s.network.mean_output(x), y) for s in gradient_descent(net, x, y, 0.1, 6)], 1)
    torch.testing.assert_close(descent_losses(net, x, y, 0.1, 6), slow, rtol=1e-11, atol=1e-14)


def test_graded_steps_keep_the_error_of_every_mode_below_that_of_the_first_step():
    """Local errors (step λ)⁹ e^{-λt} of a linear flow, step after step."""
    rates = [0.3, 1.0, 4.0]
    step, time, taken = graded_step(4.0, 1.0, rates), 0.0, []
    while time < 10:
        errors = [(step(time) * rate) ** 9 * math.exp(-rate * time) for rate in rates]
        assert max(errors) <= 1 + 1e-12
        taken.append(step(time))
        time += taken[-1]
    assert taken[0] == pytest.approx(0.25)
    assert all(a <= b for a, b in itertools.pairwise(taken))
    assert max(taken) <= 1.25


def test_a_step_may_depend_on_the_time():
    x, y = data(4, 3, 2)
    net = network(20, 3, 2)
    step = stable_step(tangent_kernel(net, x).total, 0.25)
    (halves,) = list(gradient_flow(net, x, y, [1.0, 2.0], step=lambda time: step if time else step / 2))[1:]
    exact = flow_by_scipy(net, x, y, 2.0)
    torch.testing.assert_close(halves.network.mean_output(x), exact, rtol=0, atol=1e-10)
