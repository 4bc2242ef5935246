"""Which parameter matters: its share of the variance of an objective over the space.

Functional ANOVA on a random forest (Hutter, Hoos, Leyton-Brown, ICML 2014), of Optuna: the share of
the variance that a parameter explains alone, as its first-order Sobol index. What is left of the
whole is due to parameters together.

Every value of a parameter counts the same, however far it is from its neighbours: 8, 16, 32 are
three steps. A point without a parameter has a value of its own there, "absent": where a choice
decides which parameters apply, what it changes is shared between it and them.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import isfinite
from typing import TYPE_CHECKING, Any

from accelsim.errors import UnsupportedError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

__all__ = ["FEWEST_POINTS", "MOST_POINTS", "parameter_importance", "require_importance_packages"]

MOST_POINTS = 1000
"""Points that are looked at; of a sum of six parameters twice as many moved no share by 0.01."""
FEWEST_POINTS = 8
"""With fewer no share is given; assumed: a forest of so few tells nothing."""
_TREES = 16

Point = Mapping[str, Any]


def require_importance_packages() -> None:
    """Check for the packages that ``parameter_importance`` needs.

    Raises:
        UnsupportedError: naming the first that is missing, and how to install it.
    """
    for module, package in (("optuna", "optuna"), ("sklearn", "scikit-learn")):
        if find_spec(module) is None:
            raise UnsupportedError(
                f"the importance of parameters needs the package '{package}'; install it with "
                "pip install 'accelsim[explore]'"
            )


def parameter_importance(
    parameters: Sequence[Mapping[str, Any]],
    objectives: Sequence[Mapping[str, Any]],
    points: Sequence[Point],
    *,
    seed: int = 0,
    most_points: int = MOST_POINTS,
) -> dict[str, dict[str, float]]:
    """The share of each parameter in the variance of each objective.

    Args:
        parameters: ``name`` and ``values`` of each, as in the document of a study.
        objectives: ``name`` of each.
        points: with ``parameters`` and ``objectives``, whether they meet the constraints or not;
            those that lack an objective are left out for it. Points that a search chose tell of
            the part of the space that it went to.
        seed: of the choice of points and of the forest; the same seed gives the same shares.
        most_points: more are not looked at, a random part of them is.

    Returns:
        Objective -> parameter -> share, largest first; shares add up to at most 1. An objective
        that has too few points or the same value everywhere is left out.

    Raises:
        UnsupportedError: where a package is not installed.
    """
    require_importance_packages()
    varied = [each for each in parameters if len(each["values"]) > 1 or _is_absent(each, points)]
    found = {}
    for objective in objectives:
        name = objective["name"]
        known = [point for point in points if _is_known(point, name)]
        if len(known) > most_points:
            known = random.Random(seed).sample(known, most_points)
        values = [float(point["objectives"][name]) for point in known]
        if not varied or len(known) < FEWEST_POINTS or not _varies(values):
            continue
        found[name] = _shares(parameters, varied, known, values, seed)
    return found


def _is_known(point: Point, objective: str) -> bool:
    value = point["objectives"].get(objective)
    return isinstance(value, int | float) and isfinite(value)


def _is_absent(parameter: Mapping[str, Any], points: Sequence[Point]) -> bool:
    return any(parameter["name"] not in point["parameters"] for point in points)


def _varies(values: Sequence[float]) -> bool:
    """Whether more than rounding tells the values apart."""
    most = max(map(abs, values))
    return max(values) - min(values) > 1e-9 * most


def _shares(
    parameters: Sequence[Mapping[str, Any]],
    varied: Sequence[Mapping[str, Any]],
    points: Sequence[Point],
    values: Sequence[float],
    seed: int,
) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    # Their order and spread leave the shares as they are; small or huge figures would not.
    low, width = min(values), max(values) - min(values)
    scaled = [(value - low) / width for value in values]
    with _quiet():
        study = _study(varied, points, scaled)
        evaluator = FanovaImportanceEvaluator(n_trees=_TREES, seed=seed)
        shares = get_param_importances(study, evaluator=evaluator, normalize=False)
    every = {each["name"]: max(float(shares.get(each["name"], 0.0)), 0.0) for each in parameters}
    order = {each["name"]: i for i, each in enumerate(parameters)}
    # Last digits depend on the order of sums inside of libraries.
    rounded = {name: round(share, 6) for name, share in every.items()}
    return dict(sorted(rounded.items(), key=lambda pair: (-pair[1], order[pair[0]])))


def _study(
    varied: Sequence[Mapping[str, Any]], points: Sequence[Point], values: Sequence[float]
) -> Study:
    """The points as trials; a parameter is the place of its value, or the one behind the last."""
    import optuna
    from optuna.distributions import FloatDistribution

    places = {each["name"]: {v: i for i, v in enumerate(each["values"])} for each in varied}
    # Half a step more at both ends: the first and the last value weigh as much as the others.
    distributions: dict[str, BaseDistribution] = {}
    for each in varied:
        count = len(each["values"]) + _is_absent(each, points)
        distributions[each["name"]] = FloatDistribution(-0.5, max(count, 2) - 0.5)

    def trial(point: Point, value: float) -> FrozenTrial:
        chosen = point["parameters"]
        return optuna.trial.create_trial(
            params={
                name: float(place[chosen[name]] if name in chosen else len(place))
                for name, place in places.items()
            },
            distributions=distributions,
            value=value,
        )

    study = optuna.create_study()
    study.add_trials([trial(point, value) for point, value in zip(points, values, strict=True)])
    return study


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna says that it made a study, and that shares which are not scaled to 1 are new."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
