"""Imported once by the server that workers are forked from, so that each starts with the pack already loaded.

The pack's name comes through the environment, since the server is a fresh interpreter. Whatever goes wrong here is left
to the workers, which load the pack themselves and report it properly.
"""

import contextlib
import importlib
import os
import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops the workers
with contextlib.suppress(Exception):
    getattr(importlib.import_module(os.environ.get("CLAIMTEST_PRELOAD", "claimtest.cells")), "PACK", None)
    importlib.import_module("claimtest.report.sketch")  # those that draw the report's pictures are forked from it, too
