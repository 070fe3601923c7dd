"""The slow reference of the end points: gradient flow of L + β KL itself, by scipy's solver for stiff systems."""

import dataclasses

import numpy as np
import torch
from scipy.integrate import solve_ivp

from models.divergence import divergence_from
from models.objective import mean_loss_gradient


def gradient(net, x, y, beta, kl, names):
    """∇(L + β KL) of one network by block."""
    pulled, penalty = mean_loss_gradient(net, x, net.mean_output(x) - y), kl.gradient(net)
    return {name: pulled[name] + beta * penalty.get(name, torch.zeros(())) for name in names}


def flow(net, x, y, time, *, beta, divergence, trainable):
    """The network after that time, and the norm of the gradient it still has."""
    kl, shapes = divergence_from(divergence, net, x), [net.parameters()[name].shape for name in trainable]

    def rebuilt(flat):
        parts = np.split(flat, np.cumsum([s.numel() for s in shapes])[:-1])
        blocks = [torch.from_numpy(w.reshape(s).copy()) for w, s in zip(parts, shapes, strict=True)]
        return net.replace_parameters(dict(zip(trainable, blocks, strict=True)))

    def velocity(_, flat):
        slope = gradient(rebuilt(flat), x, y, beta, kl, trainable)
        return -np.concatenate([slope[name].numpy().ravel() for name in trainable])

    start = np.concatenate([net.parameters()[name].numpy().ravel() for name in trainable])
    solution = solve_ivp(velocity, (0, time), start, method="LSODA", rtol=1e-9, atol=1e-11)
    assert solution.success
    end = solution.y[:, -1]
    return rebuilt(end), float(np.linalg.norm(velocity(0, end)))


def moderate_units(net, x, count, low=0.35, high=1.6):
    """The first ``count`` units whose |s_r(x_i)| all lie between two bounds, so that the flow is not very stiff."""
    s = net.latent(x)[1].abs()
    chosen = torch.nonzero((s.amin(0) > low) & (s.amax(0) < high))[:count, 0]
    assert len(chosen) == count
    blocks = {name: block[chosen] for name, block in net.parameters().items()}
    return dataclasses.replace(net, **blocks, multiplier=count**-0.5)
