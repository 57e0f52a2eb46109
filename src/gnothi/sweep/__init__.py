"""Runs many cells, in parallel and resumably, and keeps their records where SQL can read them."""

from gnothi.sweep.engine import Group, Stopped, Work, engine_for, run_groups
from gnothi.sweep.folder import RunFolder
from gnothi.sweep.ray_engine import run_groups_on_ray
from gnothi.sweep.records import Record, query, read_cell, read_records, write_records

__all__ = [
    "Group",
    "Record",
    "RunFolder",
    "Stopped",
    "Work",
    "engine_for",
    "query",
    "read_cell",
    "read_records",
    "run_groups",
    "run_groups_on_ray",
    "write_records",
]
