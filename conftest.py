"""Hypothesis profiles for every test: no deadlines, as the machine may be busy; in CI the same examples every time."""

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

# Set explicitly: Hypothesis would choose a profile of its own where the variable CI is set.
settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")
