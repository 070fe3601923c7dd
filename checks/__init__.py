"""Where prediction meets measurement: cases, experiments and one check per claim, gathered in the pack ``PACK``."""

from checks.pack import PACK

__all__ = ["PACK"]
