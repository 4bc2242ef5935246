"""A study's search -> the sampler that does it."""

from __future__ import annotations

from accelsim.errors import InputError
from accelsim.explore.samplers.adaptive import Adaptive
from accelsim.explore.samplers.ordered import Exhaustive, Random
from accelsim.explore.samplers.sampler import Sampler
from accelsim.study import Parameters, Study

__all__ = ["sampler_of"]

_MOST_EXHAUSTIVE = 10_000_000
_POINTS = 400
"""That are chosen where a study does not say how many."""


def sampler_of(study: Study) -> Sampler:
    """The sampler, at its first point.

    Raises:
        InputError: where a space is too large to visit all of it.
        UnsupportedError: where a package is missing.
    """
    search = study.file.search

    def worth(point: Parameters) -> bool:
        return not study.screens or not study.excluded(study.plan(point).names)

    if search.method == "exhaustive":
        if search.points is None and study.space.points > _MOST_EXHAUSTIVE:
            raise InputError(
                f"study '{study.name}': has {study.space.points:,} points, too many for method "
                f"'exhaustive' (at most {_MOST_EXHAUSTIVE:,}); use random, nsga-ii or tpe, or say "
                "with search.points how many"
            )
        return Exhaustive(study.space, search.points or study.space.points, worth)
    most = min(search.points or _POINTS, study.space.points)
    if search.method == "random":
        return Random(study.space, most, worth, seed=search.seed)
    return Adaptive(
        study.space,
        most,
        worth,
        method=search.method,
        objectives=len(study.objectives),
        population=min(search.population, most),
        seed=search.seed,
    )
