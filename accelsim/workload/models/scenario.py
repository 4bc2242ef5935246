"""What a model is asked to do: the stage, how many sequences, how long, in which formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from accelsim.errors import InputError, unknown_name
from accelsim.formats import storage_format
from accelsim.workload.models.transformer import Transformer

__all__ = ["ATTENTIONS", "LOGITS", "PARTS", "STAGES", "Scenario", "scenario_of"]

STAGES = ("prefill", "decode")
"""All positions of a context at once, or one more behind those that the cache holds."""
ATTENTIONS = ("unfused", "fused")
"""Scores written to memory and read again, or kept on chip."""
LOGITS = ("all", "last")
"""Positions of a prefill whose logits are computed."""

PARTS = ("all", "products")
"""Which layers take part."""

_MOST = 2**31
_DEFAULT_CONTEXT = 2048
_WHOLE = ("batch", "context")
_FORMATS = ("weights", "activations", "kv_cache", "embeddings")


@dataclass(frozen=True)
class Scenario:
    """One stage of a model at one size.

    Raises:
        InputError: for values that cannot be, all at once.
    """

    stage: str = "prefill"
    batch: int = 1
    """Sequences side by side."""
    context: int | None = None
    """Positions that a sequence has; in decode the new one is the last of them. None: 2,048,
    or as many as a model has; pictures have as many as they have patches, and one."""
    attention: str = "unfused"
    logits: str = "all"
    parts: str = "all"
    """``all``, or ``products``: linear layers and attention only, as many publications evaluate."""
    weights: str = ""
    """Format of the matrices of linear layers; empty: as the model is published."""
    activations: str = ""
    """Format of activations; empty: the number type of the model."""
    kv_cache: str = ""
    """Format of cached keys and values; empty: the number type of the model."""
    embeddings: str = ""
    """Format of token tables and of the head; empty: the number type of the model."""

    def __post_init__(self) -> None:
        problems = [
            f"{name} is {value!r}, must be a whole number from 1 to {_MOST:,}"
            for name, value in (("batch", self.batch), ("context", self.context))
            if not _whole(value) and (name, value) != ("context", None)
        ]
        if not problems and self.batch * self.positions > _MOST:
            problems.append(
                f"batch is {self.batch:,} and context {self.positions:,}, must be at most "
                f"{_MOST:,} positions in all; lower one"
            )
        choices = {
            "stage": STAGES,
            "attention": ATTENTIONS,
            "logits": LOGITS,
            "parts": PARTS,
        }
        for name, valid in choices.items():
            if (value := getattr(self, name)) not in valid:
                problems.append(unknown_name(name, str(value), valid))
        for name in _FORMATS:
            try:
                if written := getattr(self, name):
                    storage_format(str(written))
            except InputError as error:
                problems += [f"{name}: {problem}" for problem in error.problems]
        if problems:
            raise InputError(problems)

    def of(self, model: Transformer) -> Scenario:
        """This scenario with the context and the formats that were left to a model written out.

        Raises:
            InputError: a context beyond what the model has positions for.
        """
        most = model.most_positions
        context = self.context or min(_DEFAULT_CONTEXT, most or _DEFAULT_CONTEXT)
        if model.image:
            if self.context not in (None, most):
                raise InputError(
                    f"model '{model.name}': context is {context:,}, must be {most:,}, the patches "
                    "of a picture and one; leave --context out"
                )
            context = most or context
        elif most and context > most:
            raise InputError(
                f"model '{model.name}': context is {context:,}, must be at most the {most:,} "
                "positions of its table; lower --context"
            )
        return replace(
            self,
            context=context,
            weights=self.weights or model.weights,
            activations=self.activations or model.data_type,
            kv_cache=self.kv_cache or model.data_type,
            embeddings=self.embeddings or model.data_type,
        )

    @property
    def new_tokens(self) -> int:
        """Positions of a sequence that are computed."""
        return 1 if self.stage == "decode" else self.positions

    @property
    def positions(self) -> int:
        """Positions that a sequence has."""
        return self.context or _DEFAULT_CONTEXT


def _number(text: str) -> int | str:
    """A whole number where a text is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST


def scenario_of(settings: Mapping[str, int | str], *, where: str) -> Scenario:
    """A scenario from texts, as ``--set`` gives them: ``stage=decode``, ``context=4096``.

    Raises:
        InputError: for unknown names and wrong values, all at once.
    """
    known = {each.name: each for each in fields(Scenario)}
    problems = [
        unknown_name("setting", name, known, where=where) for name in settings if name not in known
    ]
    given: dict[str, Any] = {}
    for name, value in settings.items():
        if name in known:
            whole = name in _WHOLE and isinstance(value, str)
            given[name] = _number(str(value)) if whole else value
    try:
        made = Scenario(**given)
    except InputError as error:
        problems += [f"{where}: {problem}" for problem in error.problems]
    if problems:
        raise InputError(problems)
    return made
