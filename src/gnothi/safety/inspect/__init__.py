"""Inspect AI around the core: our evaluations as its tasks, our models as its provider, its logs as our rows.

Prompts, graders and metrics are those of `gnothi.safety`: nothing is judged or counted here a second time.
"""

try:
    import inspect_ai  # noqa: F401
except ImportError as error:
    raise ImportError("Inspect's models, tasks and logs need inspect_ai: pip install 'gnothi[inspect]'") from error

from gnothi.safety.inspect.logs import read_log, write_log
from gnothi.safety.inspect.model import InspectModel
from gnothi.safety.inspect.provider import served
from gnothi.safety.inspect.tasks import task_of

__all__ = ["InspectModel", "read_log", "served", "task_of", "write_log"]
