"""The annotated shapes of the end points with a KL term, enforced while every public function runs once."""

import subprocess
import sys
import textwrap

CALLS = """
    from jaxtyping import install_import_hook

    with install_import_hook("theorems", "beartype.beartype"):
        import numpy as np
        from theorems.collapsed import *
        from theorems.learned_ridge import *
        from theorems.regressions import *
        from theorems.sampled_endpoint import *
        from theorems.setting import *

    y, z = np.array([[1.0, 0.0], [0.5, 0.2], [0.1, 0.3]]), np.array([[0.0, 0.6, 0.8], [0.0, 0.0, 1.0]])
    wide, tall = np.eye(3), np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 1.0, 0.0]])
    for x in (wide, tall):
        for psi in ("erf", RELU, SIN):
            fixed, learned = {"activation": psi, "noise": FixedNoise(0.5)}, {"activation": psi, "noise": LearnedNoise()}
            made = [f(x, z, beta=0.1, **fixed)
                    for f in (plain_ridge, preconditioned_ridge, decoder_ridgeless, collapsed_ridge)]
            made.append(learned_noise_ridge(x, z, beta=0.1, **learned))
            if x is wide:
                made.append(learned_noise_collapse(x, z, beta=0.1, **learned))
            for regression in made:
                k = len(regression.cross)
                assert regression.fitted(y).shape == (3, 2)
                assert regression.fitted(y, np.ones((5, 3, 2))).shape == (5, 3, 2)
                assert regression.unseen(y).shape == (k, 2)
                assert regression.unseen(y, np.ones((5, 3, 2)), np.ones((5, k, 2))).shape == (5, k, 2)
            assert isinstance(shrinkage(beta=0.1, **fixed), float)
            assert isinstance(collapsed_gain(psi), float)
            assert isinstance(stationary_distance(x, beta=0.1, step=0.01, outputs=2, **fixed), float)
        assert isinstance(relative_movement(x), float)
        for start, shape in ((np.eye(2), (2,)), (np.stack([np.eye(2)] * 4), (4, 2))):
            grown = decoder_growth(x, y, start, np.array([0.0, 0.3]), activation="erf", noise=FixedNoise(1.0), beta=0.1)
            assert grown.shape == (*shape, 2, 2)
    assert coordinates(wide, z).shape == (2, 3)
    assert spread_normals(2, 8).shape == (8, 2)
"""


def test_shapes_and_types_are_what_the_annotations_say():
    """In a process of its own, since annotations are checked from the import on."""
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(CALLS)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
