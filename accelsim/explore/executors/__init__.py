"""Where points are evaluated: in this process, in processes of this machine, or by Dask."""

from accelsim.explore.executors.executor import Chunk, Done, Executor
from accelsim.explore.executors.local import Inline, Processes

__all__ = ["Chunk", "Done", "Executor", "Inline", "Processes"]
