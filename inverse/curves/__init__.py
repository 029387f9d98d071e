"""Smooth curves through profiles: interpolation of clean data, fits of noisy ones, and what is known of their noise."""
