"""Benchmarks against what people use today and against the machine's own limit; ``make bench`` runs them."""
