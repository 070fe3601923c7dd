"""Processes that outlive the one that started them."""

import subprocess
import time


def left_alive(session: int) -> list[str]:
    """The states of the processes of a session that still run after ten seconds."""
    deadline = time.monotonic() + 10
    while (found := _alive(session)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _alive(session: int) -> list[str]:
    listing = subprocess.run(["ps", "-s", str(session), "-o", "stat="], capture_output=True, text=True, check=False)
    return [state for state in listing.stdout.split() if not state.startswith("Z")]
