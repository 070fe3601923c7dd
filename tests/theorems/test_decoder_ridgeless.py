"""Reading C's end point on unseen inputs, against its formula written here once more."""

import numpy as np
import pytest

from theorems.limiting_kernel import kernel_profile
from theorems.regressions import decoder_ridgeless
from theorems.setting import FixedNoise


@pytest.mark.parametrize("activation", ["erf", "relu", "sin"])
def test_the_decoder_without_a_ridge_on_unseen_inputs(activation):
    """Θ^d(x, X) Θ^d(X, X)^{-1} (y - f0), with kernels of this activation in both places."""
    rng = np.random.default_rng(3)
    x, unseen = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in rng.standard_normal((2, 3, 4)))
    y, setting = rng.standard_normal((3, 2)), {"activation": activation, "noise": FixedNoise(0.6)}
    gram = kernel_profile(np.clip(x @ x.T, -1, 1), **setting).decoder
    cross = kernel_profile(np.clip(unseen @ x.T, -1, 1), **setting).decoder
    made = decoder_ridgeless(x, unseen, **setting, beta=0.3)
    np.testing.assert_allclose(made.unseen(y), cross @ np.linalg.solve(gram, y), rtol=1e-9)
    with pytest.raises(ValueError, match=r"^start_unseen: "):
        made.unseen(y, np.zeros((3, 2)), "nowhere")
