"""Every public function of theorems/ and models/ that takes data, with arguments that it takes."""

from __future__ import annotations

import numpy as np
import torch

import theorems.collapsed as collapsed
import theorems.figure1 as figure1
import theorems.figure2 as figure2
import theorems.lemma2 as lemma2
import theorems.lemma3 as lemma3
import theorems.lemma4 as lemma4
import theorems.lemma5 as lemma5
import theorems.limiting_kernel as limiting
import theorems.regressions as regressions
import theorems.setting as setting
from models import (
    ball,
    data,
    divergence,
    endpoint,
    objective,
    operator,
    regularised_descent,
    snn,
    stopping,
    tangent,
    traced,
    training,
)
from models.stream import NetworkStream
from tests.fuzz.bad import Call
from theorems import duals, quadrature, sampled_endpoint, theorem1
from theorems.blocks import KernelBlocks
from theorems.linearised import ConstantKernel, stationary_loss
from theorems.setting import FixedNoise, LearnedNoise, Problem

__all__ = ["MODELS", "THEOREMS"]

X = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])
Z = np.array([[0.0, 0.6, 0.8]])
Y = np.array([[1.0], [-0.5]])
PROBLEM = Problem(X, Y)
KERNEL = np.array([[2.0, 0.5], [0.5, 1.0]])
BLOCKS = KernelBlocks(KERNEL, KERNEL, 0 * KERNEL)
TIMES = np.array([0.0, 1.0, 2.0])
CONSTANT = ConstantKernel(KERNEL)
LEARNED = {"activation": "erf", "noise": LearnedNoise(1.0)}
FIXED = {"activation": "erf", "noise": FixedNoise(0.5)}
REGRESSION = {"inputs": X, "unseen": Z, "beta": 0.1}

THEOREMS = {
    "LearnedNoise": Call(LearnedNoise, {"scale": 1.0}),
    "FixedNoise": Call(FixedNoise, {"scale": 1.0}),
    "Problem": Call(Problem, {"inputs": X, "targets": Y, "activation": "erf", "noise": LearnedNoise(1.0)}),
    "unit_rows": Call(setting.unit_rows, {"inputs": X}),
    "parallel_pairs": Call(setting.parallel_pairs, {"inputs": X, "tolerance": 1e-12}),
    "activation_named": Call(setting.activation_named, {"activation": "erf"}),
    "known_noise": Call(setting.known_noise, {"noise": FixedNoise()}),
    "limiting_kernel": Call(limiting.limiting_kernel, {"inputs": X, "other": Z, **LEARNED}),
    "limiting_kernel, fixed": Call(limiting.limiting_kernel, {"inputs": X, "other": Z, **FIXED}),
    "kernel_profile": Call(limiting.kernel_profile, {"rho": np.array([0.0, 0.5]), **LEARNED}),
    "shared_noise_profile": Call(limiting.shared_noise_profile, {"rho": np.array([0.0, 0.5]), **FIXED}),
    "noise_floor": Call(limiting.noise_floor, {"inputs": 2, "outputs": 1, **LEARNED}),
    "noise_variance": Call(limiting.noise_variance, LEARNED),
    "accuracy": Call(limiting.accuracy, FIXED),
    "dual_accuracy": Call(duals.dual_accuracy, {"activation": "erf", "rho": 0.5, "q": 1.0, "q2": 1.0}),
    "ConstantKernel": Call(ConstantKernel, {"kernel": KERNEL}),
    "ConstantKernel.full": Call(ConstantKernel.full, {"kernel": KERNEL[:, None, :, None]}),
    "ConstantKernel.loss": Call(CONSTANT.loss, {"r0": Y, "t": TIMES}),
    "ConstantKernel.residual": Call(CONSTANT.residual, {"r0": Y, "t": TIMES}),
    "ConstantKernel.integrated_residual": Call(CONSTANT.integrated_residual, {"r0": Y, "t": TIMES}),
    "ConstantKernel.descent_residual": Call(CONSTANT.descent_residual, {"r0": Y, "step": 0.1, "k": TIMES}),
    "ConstantKernel.rate": Call(CONSTANT.rate, {"r0": Y, "T": 1.0}),
    "stationary_loss": Call(
        stationary_loss, {"eigenvalues": CONSTANT.eigenvalues, "step": 0.1, "variance": 1.0, "outputs": 1}
    ),
    "closeness_defect": Call(lemma2.closeness_defect, {"distance": np.array([0.1, 0.2]), "smallest": 0.5}),
    "eigenvalue_share": Call(lemma2.eigenvalue_share, {"eigenvalue": np.array([0.1, 0.2]), "smallest": 0.5}),
    "derived_width": Call(
        lemma2.derived_width, {"inputs": X, "outputs": 1, "kernel": BLOCKS, "block": "mean"}, infinite=True
    ),
    "derived_eigenvalue_width": Call(
        lemma2.derived_eigenvalue_width,
        {"inputs": X, "outputs": 1, "kernel": BLOCKS, "block": "mean"},
        infinite=True,
    ),
    "derived_width, of matrices": Call(
        lambda decoder, mean, scale: lemma2.derived_width(X, 1, KernelBlocks(decoder, mean, scale)),
        {"decoder": KERNEL, "mean": KERNEL, "scale": 0 * KERNEL},
        infinite=True,
    ),
    "lemma2.stated_width": Call(lemma2.stated_width, {"n": 2, "d": 1, "smallest": 0.5, "delta": 0.1, "constant": 1.0}),
    "theorem1.stated_width": Call(
        theorem1.stated_width, {"n": 2, "d": 1, "smallest": 0.5, "delta": 0.1, "constant": 1.0}
    ),
    "kernel_change_bound": Call(
        lemma3.kernel_change_bound, {"radius": np.array([0.1]), "n": 2, "d": 1, "m": 64, "constant": 2.0}
    ),
    "promised_radius": Call(lemma3.promised_radius, {"smallest": 0.5, "n": 2, "d": 1, "m": 64, "constant": 2.0}),
    "slope_moduli": Call(lemma3.slope_moduli, {"activation": "erf"}),
    "stability_constant": Call(lemma3.stability_constant, FIXED),
    "lemma4.movement": Call(lemma4.movement, {"kernel": KERNEL, "block": KERNEL / 2, "r0": Y, "t": TIMES}),
    "row_bound": Call(lemma4.row_bound, {"residual": 1.0, "factor": 1.0, "n": 2, "smallest": 0.5, "width": 64}),
    "limit_distance": Call(lemma5.limit_distance, {"kernel": KERNEL, "limit": KERNEL}),
    "architecture": Call(figure1.architecture, {"problem": PROBLEM, "width": 4}),
    "accumulated_residual": Call(
        figure2.accumulated_residual,
        {"kernel": CONSTANT, "r0": Y[None], "step": np.array([0.1]), "steps": np.array([3.0])},
        kept=("kernel",),
    ),
    "initial_norm": Call(figure2.initial_norm, {"problem": PROBLEM, "block": "mean", "width": 64}),
    "figure2.movement": Call(figure2.movement, {"block": KERNEL, "c": Y[None]}),
    "plain_ridge": Call(regressions.plain_ridge, REGRESSION | FIXED),
    "preconditioned_ridge": Call(regressions.preconditioned_ridge, REGRESSION | FIXED),
    "decoder_ridgeless": Call(regressions.decoder_ridgeless, REGRESSION | FIXED),
    "coordinates": Call(regressions.coordinates, {"inputs": X, "points": Z}),
    "KernelRegression": Call(regressions.KernelRegression, {"gram": KERNEL, "cross": KERNEL[:1], "ridge": 0.1}),
    "shrinkage": Call(regressions.shrinkage, FIXED | {"beta": 0.1}),
    "require_beta": Call(regressions.require_beta, {"beta": 0.1}),
    "collapsed_ridge": Call(collapsed.collapsed_ridge, REGRESSION | FIXED),
    "learned_noise_collapse": Call(collapsed.learned_noise_collapse, REGRESSION | LEARNED),
    "relative_movement": Call(collapsed.relative_movement, {"inputs": X}),
    "collapsed_gain": Call(collapsed.collapsed_gain, {"activation": "relu"}),
    "decoder_growth": Call(
        collapsed.decoder_growth,
        {"inputs": X, "targets": Y, "gram": np.eye(1), "times": TIMES, "beta": 0.1, **FIXED},
    ),
    "stationary_distance": Call(
        sampled_endpoint.stationary_distance, {"inputs": X, "beta": 0.1, "step": 0.05, "outputs": 1, **FIXED}
    ),
    "half_normal": Call(quadrature.half_normal, {"nodes": 8}),
    "normal": Call(quadrature.normal, {"step": 0.5, "reach": 9.0}),
}

NETWORK = snn.StochasticNetwork.initialise(6, 3, 1, seed=0)
STEADY = snn.StochasticNetwork.initialise(6, 3, 1, seed=0, noise=FixedNoise(0.5))
DATA = {"network": NETWORK, "x": X, "y": Y}
STEPS = {"step": 0.05, "steps": 3, "record": 1, "trainable": ("mean", "decoder")}
DRAWN = torch.zeros(2, 6, dtype=torch.float64)

MODELS = {
    "initialise": Call(
        snn.StochasticNetwork.initialise,
        {
            "width": 4,
            "inputs": 3,
            "outputs": 1,
            "activation": "erf",
            "noise": LearnedNoise(1.0),
            "seed": 0,
            "device": "cpu",
            "dtype": torch.float64,
        },
    ),
    "mean_output": Call(NETWORK.mean_output, {"x": X}),
    "sample_output": Call(NETWORK.sample_output, {"x": X, "noise": DRAWN}),
    "tangent_kernel": Call(tangent.tangent_kernel, {"network": NETWORK, "x": X, "other": Z}),
    "jacobian_tangent_kernel": Call(tangent.jacobian_tangent_kernel, {"network": NETWORK, "x": X, "other": Z}),
    "sampled_tangent_kernel": Call(tangent.sampled_tangent_kernel, {"network": NETWORK, "x": X, "noise": DRAWN}),
    "gradient_descent": Call(training.gradient_descent, DATA | STEPS),
    "stochastic_gradients": Call(training.stochastic_gradients, DATA | STEPS | {"seeds": 0}),
    "gradient_flow": Call(
        training.gradient_flow, DATA | {"times": TIMES, "step": 0.5, "trainable": ("mean",), "refine": 1}
    ),
    "stable_step": Call(training.stable_step, {"kernel": torch.eye(2).double()[:, None, :, None], "fraction": 1.0}),
    "mean_loss_gradient": Call(
        objective.mean_loss_gradient, {"network": NETWORK, "x": X, "residual": torch.ones(2, 1).double()}
    ),
    "output_variance": Call(objective.output_variance, {"network": NETWORK, "x": X}),
    "descend_to_share": Call(
        stopping.descend_to_share, DATA | {"step": 0.05, "share": 0.9, "most": 50, "trainable": ("mean",)}
    ),
    "largest_change": Call(ball.largest_change, {"network": NETWORK, "x": X, "radius": 0.1, "steps": 1}),
    "smallest_eigenvalue": Call(ball.smallest_eigenvalue, {"network": NETWORK, "x": X, "radius": 0.1, "steps": 1}),
    "divergence_from": Call(divergence.divergence_from, {"name": "initial-posterior", "initial": STEADY, "x": X}),
    "summed_beta": Call(divergence.summed_beta, {"beta": 0.1, "inputs": 2, "per_input": True, "halved": True}),
    "train_to_end": Call(
        endpoint.train_to_end,
        {"network": STEADY, "x": X, "y": Y, "beta": 0.5, "divergence": "initial-posterior", "trainable": ("mean",)},
    ),
    "regularised_descent": Call(
        regularised_descent.regularised_descent,
        {"network": STEADY, "x": X, "y": Y, "step": 0.05, "steps": 2, "beta": 0.1, "divergence": "standard-normal"},
    ),
    "descent_losses": Call(
        training.descent_losses, DATA | {"step": 0.05, "steps": 3, "trainable": ("mean", "decoder")}
    ),
    "tangent_matrix": Call(tangent.tangent_matrix, {"network": NETWORK, "x": X, "other": Z}),
    "total_tangent_kernel": Call(tangent.total_tangent_kernel, {"network": NETWORK, "x": X, "other": Z}),
    "traced_kernel": Call(traced.traced_kernel, {"network": NETWORK, "x": X, "other": Z}),
    "mean_sampled_traced_kernel": Call(
        traced.mean_sampled_traced_kernel, {"network": NETWORK, "x": X, "noise": DRAWN[None]}, kept=("network", "noise")
    ),
    "tangent_operator": Call(operator.tangent_operator, {"network": NETWORK, "x": X}),
    "NetworkStream.initialise": Call(
        NetworkStream.initialise,
        {"width": 4, "inputs": 3, "outputs": 1, "activation": "erf", "noise": LearnedNoise(1.0), "device": "cpu"},
    ),
    "digits": Call(data.digits, {"count": 4, "seed": 0}),
    "sphere": Call(data.sphere, {"rows": X}),
}
