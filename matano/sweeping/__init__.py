"""Sweeps: one case at many values of its keys, on all cores or a cluster, in one table."""

from matano.sweeping.sweep import sweep
from matano.sweeping.table import Table

__all__ = ("Table", "sweep")
