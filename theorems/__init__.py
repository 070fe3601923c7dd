"""What is claimed: the limiting objects of the paper in NumPy and SciPy, and one module per claim.

Nothing here imports torch or ``models``: a prediction and its measurement must not share a mistake.
"""
