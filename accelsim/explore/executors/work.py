"""What a worker does: evaluate a chunk of points of a study."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from accelsim.errors import InputError, UnsupportedError
from accelsim.explore.evaluate import Evaluator, Metrics
from accelsim.explore.executors.executor import Chunk, Done
from accelsim.study import Parameters, Study

__all__ = ["Job", "evaluate_chunk"]


@dataclass(frozen=True)
class Job:
    """What a worker must know besides the points."""

    study: Study
    fidelity: str = "analytic"
    cache: bool = True


_EVALUATORS: dict[tuple[str, bool], Evaluator] = {}
"""What this process has simulated, kept from chunk to chunk."""


def evaluate_chunk(job: Job, chunk: Chunk) -> Done:
    """Evaluate the points of a chunk; what fails is part of the answer."""
    started = perf_counter()
    key = (job.fidelity, job.cache)
    if key not in _EVALUATORS:
        _EVALUATORS[key] = Evaluator(job.fidelity, job.cache)
    found = [_evaluated(job.study, _EVALUATORS[key], each) for each in chunk.parameters]
    return Done(chunk, found, perf_counter() - started)


def _evaluated(
    study: Study, evaluator: Evaluator, parameters: Parameters
) -> tuple[Metrics | None, str]:
    try:
        return evaluator.metrics(study.plan(parameters)), ""
    except InputError as error:
        return None, "; ".join(error.problems[:3])
    except UnsupportedError as error:
        return None, str(error)
    except MemoryError:
        return None, "there was not enough memory"
    except Exception as error:
        # A fault of ours in one point must not end a study of thousands.
        return None, f"fault of accelsim: {type(error).__name__}: {error}"[:500]
