"""The annotated shapes and types, enforced while every public function of the floor runs once."""

import subprocess
import sys
import textwrap

CALLS = """
    from jaxtyping import install_import_hook

    with install_import_hook("theorems", "beartype.beartype"):
        import numpy as np
        from theorems.duals import dual_accuracy, dual_of
        from theorems.limiting_kernel import *
        from theorems.linearised import ConstantKernel, stationary_loss
        from theorems.setting import *

    tanh = Activation("tanh", lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2)
    leaky = Activation("leaky", lambda xp, z: z * (1.0 + (z > 0)), lambda xp, z: 1.0 + (z > 0), (0.0,))
    x = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0]])
    other = np.array([[0.0, 0.0, 1.0]])
    for psi in ("erf", RELU, SIN, tanh, leaky):
        dual = dual_of(psi)
        for shape in ((), (3,), (2, 3)):
            for method in (dual.kernel, dual.first, dual.second):
                assert method(np.full(shape, 0.5), 1.0, 2.0).shape == shape
        assert isinstance(dual_accuracy(psi, 0.5, 1.0, 1.0), float)
        for noise in (FixedNoise(0.5), LearnedNoise(0.0), LearnedNoise(0.5)):
            if psi is leaky and noise == LearnedNoise(0.5):
                continue  # slow, and the same code as tanh
            assert isinstance(accuracy(psi, noise), float)
            assert limiting_kernel(x, activation=psi, noise=noise).total.shape == (2, 2)
            assert limiting_kernel(x, other, activation=psi, noise=noise).total.shape == (2, 1)
            assert isinstance(noise_floor(2, 3, activation=psi, noise=noise), float)
            for profile in (kernel_profile, shared_noise_profile):
                for rho in (1.0, [0.5, 1.0], np.zeros((2, 3))):
                    assert profile(rho, activation=psi, noise=noise).total.shape == np.shape(rho)

    theta, times = limiting_kernel(x).total, np.array([0.0, 1.0, 2.0])
    plain = ConstantKernel(theta)
    many = ConstantKernel.full(np.stack([np.einsum("ij,ab->iajb", theta, np.eye(4))] * 5))
    for kernel, batch in ((plain, ()), (many, (5,))):
        r0 = np.ones((*batch, 2, 4))
        assert kernel.smallest.shape == kernel.largest.shape == kernel.rate(r0, 1.0).shape == batch
        assert kernel.loss(r0, times).shape == (*batch, 3)
        assert kernel.residual(r0, times).shape == (*batch, 3, 2, 4)
        assert kernel.integrated_residual(r0, times).shape == (*batch, 3, 2, 4)
        assert kernel.descent_residual(r0, 0.1, times).shape == (*batch, 3, 2, 4)
        assert stationary_loss(kernel.eigenvalues, 0.1, 1.0, 4).shape == batch
    assert plain.components(np.ones((2, 4))).shape == (2, 4)
    assert many.components(np.ones((5, 2, 4))).shape == (5, 8, 1)
    assert many.residual(np.ones((2, 4)), times).shape == (5, 3, 2, 4)
"""


def test_shapes_and_types_are_what_the_annotations_say():
    """In a process of its own, since annotations are checked from the import on."""
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(CALLS)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
