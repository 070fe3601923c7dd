"""The tangent kernel and the limiting kernel: against peers, against the machine, and how they grow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.timing import Goal, Part, side_by_side
from models.snn import StochasticNetwork
from models.tangent import tangent_kernel, total_tangent_kernel
from models.traced import traced_kernel
from theorems import limiting_kernel as limiting
from theorems.limiting_kernel import accuracy, kernel_profile, limiting_kernel
from theorems.setting import ERF, LearnedNoise

__all__ = ["growth", "limiting_part", "many_inputs_part", "stream_part", "tangent_part", "unit_rows"]


def unit_rows(n: int, p: int) -> np.ndarray:
    """n points on the sphere of R^p."""
    x = np.random.default_rng(0).standard_normal((n, p))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def peers(python: str | None, **arguments: Any) -> dict[str, Any] | None:
    """What ``peers_jax.py`` finds in its own environment; None without one."""
    if python is None:
        return None
    script = Path(__file__).with_name("peers_jax.py")
    done = subprocess.run([python, str(script), json.dumps(arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def _jacobian_contraction(network: StochasticNetwork, x: torch.Tensor) -> torch.Tensor:
    """Θ as people compute it with torch.func: Jacobians of every input, contracted."""

    def output(parameters: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        u, s = parameters["mean"] @ one, parameters["scale"] @ one
        return torch.erf(u / torch.sqrt(1 + 2 * s * s)) @ parameters["decoder"] * network.multiplier

    jacobians = torch.func.vmap(torch.func.jacrev(output), (None, 0))(network.parameters(), x)
    flat = [j.flatten(2).flatten(0, 1) for j in jacobians.values()]
    kernel = torch.stack([j @ j.T for j in flat]).sum(0)
    return kernel.unflatten(0, (len(x), -1)).unflatten(2, (len(x), -1))


def tangent_part(python: str | None, n: int = 32, d: int = 32, p: int = 32, m: int = 4096) -> Part:
    """Θ(X, X), all outputs, in double precision."""
    network, x = StochasticNetwork.initialise(m, p, d), torch.from_numpy(unit_rows(n, p))
    inputs, outputs = n * (n + 1) // 2, d * (d + 1) // 2
    a, b, total = (
        torch.randn(inputs, m).double(),
        torch.randn(m, outputs).double(),
        torch.empty(inputs, outputs).double(),
    )
    ours, theirs, product = "total_tangent_kernel", "torch.func Jacobian contraction", "one matrix product of its size"
    seconds = side_by_side(
        {
            ours: lambda: total_tangent_kernel(network, x),
            "tangent_kernel (by block)": lambda: tangent_kernel(network, x),
            "traced_kernel (n×n)": lambda: traced_kernel(network, x),
            product: lambda: torch.mm(a, b, out=total),
            theirs: lambda: _jacobian_contraction(network, x),
        }
    )
    rivals = {theirs: seconds[theirs]}
    found = peers(python, task="tangent", n=n, p=p, d=d, m=m, repeats=5)
    for name, taken in (found["found"] if found else {}).items():
        if taken is not None:
            rivals[f"neural-tangents {name.lower().replace('_', ' ')}"] = taken
    rows = [
        {"what": name, "seconds": taken, "times ours": taken / seconds[ours]}
        for name, taken in (seconds | rivals).items()
    ]
    about = f"Θ(X, X) at n = {n}, d = {d}, p = {p}, m = {m}, erf with learned noise."
    if found:
        about += f" Peers: {', '.join(f'{name} {version}' for name, version in found['versions'].items())}."
    peer = min(rivals.values()) / seconds[ours]
    named = "the best peer" if found else "torch.func (neural-tangents was not there)"
    goals = [
        Goal(f"times faster than {named}", 60, peer),
        Goal("of the rate of the machine's own matrix product", 0.6, seconds[product] / seconds[ours]),
    ]
    return Part("Tangent kernel", about, rows, goals)


_STREAMED = """
import sys, time
import numpy as np, torch
from models.stream import NetworkStream
from models.tangent import total_tangent_kernel
torch.set_num_threads(1)
width, n, p = map(int, sys.argv[1:])
x = np.random.default_rng(0).standard_normal((n, p))
x /= np.linalg.norm(x, axis=1, keepdims=True)
start = time.perf_counter()
kernel = total_tangent_kernel(NetworkStream.initialise(width, p, p), x)
with open("/proc/self/status") as status:
    (peak,) = (line.split()[1] for line in status if line.startswith("VmHWM"))
print(time.perf_counter() - start, peak, float(kernel.sum()))
"""


def stream_part(width: int = 10**7, n: int = 16, p: int = 8) -> Part:
    """A width whose weights alone would not fit: seconds and the peak memory of a process that does nothing else."""
    command = [sys.executable, "-c", _STREAMED, str(width), str(n), str(p)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak, _ = map(float, done.stdout.split())
    gigabytes = peak / 1e6
    rows = [
        {
            "width": width,
            "seconds": seconds,
            "peak memory (GB)": gigabytes,
            "weights alone (GB)": width * 3 * p * 8 / 1e9,
        }
    ]
    about = f"The tangent kernel of a network drawn block by block, n = {n}, p = d = {p}, double precision."
    return Part("Any width in bounded memory", about, rows, [Goal("GB at that width", 2.0, gigabytes, at_most=True)])


def limiting_part(python: str | None, n: int = 4000, small: int = 32, width: int = 512, samples: int = 64) -> Part:
    """Θ∞ of n inputs; and at equal error against averages over networks."""
    rows, goals, x, noise = [], [], unit_rows(n, 8), LearnedNoise(1.0)

    def fresh() -> object:
        limiting._quick_profile.cache_clear()
        return limiting_kernel(x, activation="relu", noise=noise)

    taken = side_by_side({"ours": fresh})["ours"]
    edge = 1 - np.geomspace(1e-16, 0.1, 100)
    rho = np.concatenate([np.clip(x[:60] @ x[:60].T, -1, 1).ravel(), edge, -edge, [1, -1]])
    exact = kernel_profile(rho, activation="relu", noise=noise).total
    found = limiting._quick_profile(limiting.activation_named("relu"), noise)(rho).sum(-1)
    error = float(np.abs(found - exact).max() / kernel_profile(1.0, activation="relu", noise=noise).total)
    rows.append({"what": f"limiting_kernel, relu, n = {n}", "seconds": taken, "error / Θ∞(1)": error})
    goals += [Goal("s for all entries", 3.0, taken, at_most=True), Goal("error / Θ∞(1)", 1e-10, error, at_most=True)]

    few = unit_rows(small, 8)
    ours = side_by_side({"ours": lambda: limiting_kernel(few, activation=ERF, noise=noise)})["ours"]
    exact = limiting_kernel(few, activation=ERF, noise=noise).total
    reached = accuracy(activation=ERF, noise=noise)
    rows.append({"what": f"limiting_kernel, erf, n = {small} (direct)", "seconds": ours, "error / Θ∞(1)": reached})
    peer = peers(python, task="limiting", n=small, p=8, m=width, samples=samples, repeats=5)
    if peer:
        error = float(np.abs(np.array(peer["found"]["kernel"]) - exact).max() / exact[0, 0])
        seconds = peer["found"]["seconds"]
        equal = seconds * (error / 1e-10) ** 2
        rows.append(
            {
                "what": f"neural-tangents Monte Carlo, {samples} networks of width {width}",
                "seconds": seconds,
                "error / Θ∞(1)": error,
            }
        )
        rows.append({"what": "the same at 1e-10, as error ∝ time^(-1/2)", "seconds": equal, "error / Θ∞(1)": 1e-10})
        goals.append(Goal("times less time than Monte Carlo at equal error", 1e3, equal / ours))
    about = (
        "Θ∞(X, X), learned noise with τ = 1; at n = 4000 the interpolant is built anew each time. A larger τ, or an "
        "activation without a closed form, takes several times longer to build."
    )
    return Part("Limiting kernel", about, rows, goals)


def many_inputs_part(n: int = 1000, m: int = 512) -> Part:
    """Θ(X, X) of many inputs and one output, where pairs of inputs would be the wrong way."""
    network, x = StochasticNetwork.initialise(m, 8, 1), torch.from_numpy(unit_rows(n, 8))
    a, b = torch.randn(n, 2 * m).double(), torch.randn(2 * m, n).double()
    total, ours, theirs = torch.empty(n, n).double(), "total_tangent_kernel", "torch.func Jacobian contraction"
    seconds = side_by_side(
        {
            ours: lambda: total_tangent_kernel(network, x),
            "one matrix product, n×2m by 2m×n": lambda: torch.mm(a, b, out=total),
            theirs: lambda: _jacobian_contraction(network, x),
        }
    )
    rows = [{"what": name, "seconds": taken, "times ours": taken / seconds[ours]} for name, taken in seconds.items()]
    about = f"Θ(X, X) at n = {n}, d = 1, p = 8, m = {m}, erf with learned noise."
    return Part("Many inputs, one output", about, rows, [Goal("times faster than the peer", 1, rows[-1]["times ours"])])


def growth(scale: int = 2) -> Part:
    """Exponents of the time in n, d, m, fitted on the larger sizes."""
    rows = []

    def fit(what: str, sizes: list[int], run: Callable[[int], Callable[[], object]]) -> None:
        seconds = [side_by_side({"ours": run(size)})["ours"] for size in sizes]
        slope = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
        shown = ", ".join(f"{taken:.2g}" for taken in seconds)
        rows.append({"what": what, "sizes": ", ".join(map(str, sizes)), "seconds": shown, "exponent": slope})

    def tangent(n: int, d: int, m: int) -> Callable[[], object]:
        network, x = StochasticNetwork.initialise(m, 16, d), unit_rows(n, 16)
        return lambda: total_tangent_kernel(network, x)

    m, sizes = 512 * scale, [8 * scale, 16 * scale, 32 * scale]
    fit(f"tangent kernel in n (d = 16, m = {m})", sizes, lambda n: tangent(n, 16, m))
    fit(f"tangent kernel in d (n = 16, m = {m})", sizes, lambda d: tangent(16, d, m))
    fit("tangent kernel in m (n = d = 16)", [1024 * scale, 4096 * scale, 16384 * scale], lambda m: tangent(16, 16, m))
    fit("limiting kernel in n", [250 * scale, 500 * scale, 1000 * scale], lambda n: _limit_of(unit_rows(n, 8)))
    about = "Exponents of the time, least squares on logarithms; of the limiting kernel, with its interpolant there."
    return Part("Growth", about, rows)


def _limit_of(x: np.ndarray) -> Callable[[], object]:
    return lambda: limiting_kernel(x, activation="erf", noise=LearnedNoise(1.0))
