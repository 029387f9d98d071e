"""Benchmarks as a product: what a run leaves, its curves and figures, and the table of the README."""
