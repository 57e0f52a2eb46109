"""Runs many cells, in parallel and resumably, and keeps their records where SQL can read them."""

from gnothi.sweep.engine import Group, Stopped, run_groups
from gnothi.sweep.folder import RunFolder
from gnothi.sweep.records import Record, query, read_records, write_records

__all__ = ["Group", "Record", "RunFolder", "Stopped", "query", "read_records", "run_groups", "write_records"]
