"""Hypothesis profiles for every test: no deadlines, as the machine may be busy; in CI the same examples every time.

One thread each in BLAS, OpenMP and torch: the matrices of the tests are small, tests run side by side, and threads that
wait for each other on busy cores take many times as long.
"""

import os

for _library in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")  # read when the libraries are loaded: before any import below

from hypothesis import settings
from threadpoolctl import threadpool_limits

threadpool_limits(1)  # for what a plug-in has loaded already

pytest_plugins = ["pytester"]

# Set explicitly: Hypothesis would choose a profile of its own where the variable CI is set.
settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
