"""Calibration: how often the laws err on synthetic evidence that obeys them exactly, and what they see."""

from claimtest.calibration.run import Calibrated, Calibration, calibrate
from claimtest.calibration.sources import default_designs, design_from, hardest

__all__ = ["Calibrated", "Calibration", "calibrate", "default_designs", "design_from", "hardest"]
