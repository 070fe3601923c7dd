"""Machinery for putting theorems on trial: claims, criteria, cells, evidence, runner, report.

It knows nothing of any particular theory; a *pack* (a package of claims and checks) brings that.
"""
