"""Make deterministic_ntk.json: the two-layer NNGP and NTK of erf, ReLU and sin, as neural-tangents computes them.

An outside oracle for the limit without noise, made once. Its pinned dependencies clash with the project's, so:

    python3.11 -m venv ntk-venv
    ntk-venv/bin/pip install neural-tangents==0.6.5 jax==0.4.23 jaxlib==0.4.23 tf2jax==0.3.5 'numpy<2' 'scipy<1.13'
    ntk-venv/bin/python checks/data/make_deterministic_ntk.py

The network is f(x) = m^(-1/2) Σ_r v_r ψ(<w_r, x>) with all weights N(0, 1). neural-tangents' Dense layers divide by
the square root of the fan-in, so it is given the inputs times √p; its NNGP kernel is then Θ^d and its NTK the sum.
"""

# pyright: reportMissingImports=false

import json
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from neural_tangents import stax  # noqa: E402 (after the precision is set)

ACTIVATIONS = {
    "erf": stax.Erf(a=1.0, b=1.0, c=0.0),
    "relu": stax.Relu(do_stabilize=False),
    "sin": stax.Sin(a=1.0, b=1.0, c=0.0),
}


def unit_rows(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Uniform points on the sphere, (rows, columns)."""
    x = rng.standard_normal((rows, columns))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def main() -> None:
    """Write the inputs and the kernels of the first set with itself and with the second."""
    rng = np.random.default_rng(20240909)
    x, other = unit_rows(rng, 6, 5), unit_rows(rng, 3, 5)
    packages = ("neural-tangents", "jax", "jaxlib", "numpy", "scipy")
    out = {"versions": {p: version(p) for p in packages}, "inputs": x.tolist(), "other": other.tolist(), "kernels": {}}
    for name, layer in ACTIVATIONS.items():
        _, _, kernel = stax.serial(stax.Dense(1, W_std=1.0, b_std=None), layer, stax.Dense(1, W_std=1.0, b_std=None))
        out["kernels"][name] = {}
        for key, second in (("square", None), ("rectangular", other)):
            root_p = np.sqrt(x.shape[1])
            blocks = kernel(x * root_p, None if second is None else second * root_p, ("nngp", "ntk"))
            assert blocks.ntk.dtype == np.float64
            out["kernels"][name][key] = {b: np.asarray(getattr(blocks, b)).tolist() for b in ("nngp", "ntk")}
    Path(__file__).with_name("deterministic_ntk.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
