"""Measures: what a check makes of the evidence of one cell, one number per replicate.

Every prediction a measure compares with is an argument, so that a control can replace it.
"""
