"""Attacks: a search for the example that comes nearest to breaking a bound, or breaks it, and its file."""

from claimtest.attack.attack import Attack, Found

__all__ = ["Attack", "Found"]
