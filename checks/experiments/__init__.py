"""Experiments: pure functions from a case, a width and the seeds of replicates to measured quantities.

An experiment builds its networks through the ingredient ``prepare``, which a control replaces; it holds no flag.
"""
