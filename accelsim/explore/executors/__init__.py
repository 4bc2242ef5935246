"""Where points are evaluated: in this process, in processes of this machine, or by Dask."""

from accelsim.explore.executors.executor import Chunk, Done, Executor
from accelsim.explore.executors.local import Inline, Processes
from accelsim.explore.executors.patient import Patient

__all__ = ["Chunk", "Done", "Executor", "Inline", "Patient", "Processes"]
