"""neural-tangents on the same networks: run in an environment of its own, it prints seconds as JSON.

Arguments: a JSON object with "task" ("tangent" or "limiting") and the sizes. It imports nothing of this repository.
"""

import json
import os
import statistics
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["OMP_NUM_THREADS"] = "1"

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import neural_tangents as nt
import numpy as np
from jax import random


def mean_output(params, x):
    """f(x) = m^(-1/2) Σ_r v_r erf(u_r/√(1 + 2 s_r²))."""
    mean, scale, decoder = params
    u, s = x @ mean.T, x @ scale.T
    return jax.scipy.special.erf(u / jnp.sqrt(1 + 2 * s * s)) @ decoder / jnp.sqrt(mean.shape[0])


def unit_rows(n, p):
    """n points on the sphere of R^p."""
    x = np.random.default_rng(0).standard_normal((n, p))
    return jnp.array(x / np.linalg.norm(x, axis=1, keepdims=True))


def timed(function, repeats):
    """Median seconds and the last result, compilation not counted."""
    jax.block_until_ready(function())
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = jax.block_until_ready(function())
        taken.append(time.perf_counter() - start)
    return statistics.median(taken), result


def tangent(n, p, d, m, repeats):
    """The empirical kernel by the three implementations; None where one does not run."""
    x, rng = unit_rows(n, p), np.random.default_rng(1)
    params = [jnp.array(rng.standard_normal(shape)) for shape in ((m, p), (m, p), (m, d))]
    seconds = {}
    for name in ("JACOBIAN_CONTRACTION", "NTK_VECTOR_PRODUCTS", "STRUCTURED_DERIVATIVES"):
        kernel = nt.empirical_ntk_fn(mean_output, trace_axes=(), vmap_axes=0, implementation=nt.NtkImplementation[name])
        compiled = jax.jit(lambda x, params, kernel=kernel: kernel(x, None, params))
        try:
            seconds[name], _ = timed(lambda compiled=compiled: compiled(x, params), repeats)
        except Exception as error:
            print(f"{name}: {error}", file=sys.stderr)
            seconds[name] = None
    return seconds


def limiting(n, p, m, samples, repeats):
    """The Monte Carlo kernel of neural-tangents: seconds and the kernel."""
    x = unit_rows(n, p)

    def init(key, shape):
        keys = random.split(key, 3)
        return shape, [random.normal(k, s) for k, s in zip(keys, ((m, p), (m, p), (m, 1)), strict=True)]

    kernel = nt.monte_carlo_kernel_fn(init, lambda params, x, **_: mean_output(params, x), random.PRNGKey(0), samples)
    seconds, found = timed(lambda: kernel(x, None, "ntk"), repeats)
    return {"seconds": seconds, "kernel": np.asarray(found).tolist()}


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    arguments = json.loads(sys.argv[1])
    task = {"tangent": tangent, "limiting": limiting}[arguments.pop("task")]
    print(
        json.dumps(
            {"versions": {"jax": jax.__version__, "neural-tangents": nt.__version__}, "found": task(**arguments)}
        )
    )
