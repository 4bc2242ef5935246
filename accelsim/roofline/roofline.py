"""What a model costs on a device: one stage, a whole generation, or any other workload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from os import PathLike, fspath
from typing import Any

from accelsim.architecture.devices import Device, load_device
from accelsim.errors import InputError, UnsupportedError, unknown_name
from accelsim.library import MODELS, WORKLOADS, looks_like_path, shipped
from accelsim.roofline.footprint import Footprint, footprint_of
from accelsim.roofline.result import Roofline
from accelsim.roofline.row import Row, row_of
from accelsim.roofline.work import Work, works_of
from accelsim.workload import Workload, load_workload
from accelsim.workload.models import Scenario, Transformer, build_workload, load_model
from accelsim.workload.models.load import is_model

__all__ = ["STAGES", "default_stage", "roofline", "workload_or_model"]

STAGES = ("prefill", "decode", "generate")
"""All positions at once; one more behind those that are cached; or a prompt and what follows."""

_DEFAULT_TOKENS = 128
_MOST = 2**31


def roofline(
    model: str | PathLike[str] | Transformer | Workload,
    *,
    on: str | PathLike[str] | Device,
    stage: str | None = None,
    batch: int = 1,
    context: int | None = None,
    tokens: int | None = None,
    attention: str = "unfused",
    logits: str | None = None,
    weights: str = "",
    activations: str = "",
    kv_cache: str = "",
    embeddings: str = "",
) -> Roofline:
    """Operations, bytes and time of every layer of a model on a device.

    Args:
        model: a shipped name, a ``config.json``, a Transformer; or any workload.
        on: a shipped device, a path to a YAML file, or a Device.
        stage: one of ``STAGES``; ``generate`` where None, ``prefill`` of an encoder.
        batch: sequences side by side.
        context: positions of a sequence; in decode the new one is the last of them, in
            ``generate`` those of the prompt. None: 2,048, or as many as the model has.
        tokens: new tokens of each sequence, in ``generate`` only; 128 where None.
        attention: ``unfused`` or ``fused``.
        logits: ``all`` or ``last`` positions of a prefill; ``last`` in ``generate`` where None,
            else ``all``.
        weights: format of the matrices of linear layers; as published where empty.
        activations: the same of activations.
        kv_cache: the same of cached keys and values.
        embeddings: the same of token tables and of the head.

    Raises:
        InputError: for any input that is wrong, with what to do.
        UnsupportedError: for a stage that the model does not have.

    Example:
        >>> result = roofline("llama-2-7b", on="a6000", stage="decode", context=2048)
        >>> result.bound, round(result.seconds * 1e3, 1)
        ('memory', 18.6)
    """
    device = load_device(on) if isinstance(on, str | PathLike) else on
    model = fspath(model) if isinstance(model, PathLike) else model
    given: dict[str, Any] = {
        "batch": batch,
        "context": context,
        "attention": attention,
        "weights": weights,
        "activations": activations,
        "kv_cache": kv_cache,
        "embeddings": embeddings,
    }
    model = workload_or_model(model) if isinstance(model, str) else model
    if isinstance(model, Workload):
        asked = {**given, "stage": stage, "tokens": tokens, "logits": logits}
        return _of_workload(model, device, asked)
    transformer = model
    stage = stage or default_stage(transformer)
    if stage not in STAGES:
        raise InputError(unknown_name("stage", stage, STAGES))
    if problems := _out_of_place(transformer, stage, tokens, logits, kv_cache):
        raise InputError(problems)
    given["logits"] = _default_logits(stage) if logits is None else logits
    # An encoder has no decode stage, and says so when it is built.
    first = Scenario("decode" if stage == "decode" else "prefill", **given)
    if stage != "generate":
        return _one_stage(transformer, device, first.of(transformer))
    tokens = _DEFAULT_TOKENS if tokens is None else tokens
    if isinstance(tokens, bool) or not isinstance(tokens, int) or not 1 <= tokens <= _MOST:
        raise InputError(f"tokens is {tokens!r}, must be a whole number from 1 to {_MOST:,}")
    most = transformer.most_positions or _MOST
    if context is None:
        # The default prompt leaves room for what follows.
        first = replace(first, context=max(1, min(first.positions, most - tokens + 1)))
    if first.positions + tokens - 1 > most:
        raise InputError(
            f"model '{transformer.name}': a prompt of {first.positions:,} and {tokens:,} tokens "
            f"reach beyond the {most:,} positions that it can have; lower --context or --tokens"
        )
    return _generation(transformer, device, first.of(transformer), tokens)


def default_stage(model: Transformer) -> str:
    """The stage that is taken where none is asked for."""
    return "generate" if model.causal else "prefill"


def _default_logits(stage: str) -> str:
    return "last" if stage == "generate" else "all"


def _out_of_place(
    model: Transformer, stage: str, tokens: int | None, logits: str | None, kv_cache: str
) -> list[str]:
    """What was given and would change nothing."""
    found = []
    if tokens is not None and stage != "generate":
        found.append(f"tokens is {tokens!r}, but belongs to generate; leave it out of {stage}")
    if logits is not None and stage == "decode":
        found.append(f"logits is '{logits}', but decode computes one position; leave it out")
    if kv_cache and not model.causal:
        found.append(
            f"model '{model.name}' is an encoder and has no KV cache; leave its format out"
        )
    return found


@lru_cache(maxsize=256)
def _works(model: Transformer, scenario: Scenario) -> tuple[tuple[Work, ...], Footprint]:
    """What a stage has to do, on every device."""
    workload = build_workload(model, scenario)
    works = tuple(work for layer in workload.layers for work in works_of(layer))
    return works, footprint_of(model, scenario, workload, works)


def _one_stage(model: Transformer, device: Device, scenario: Scenario) -> Roofline:
    works, footprint = _works(model, scenario)
    rows = [row_of([(1, work, work)], device, scenario.stage) for work in works]
    return Roofline(
        model.name,
        device,
        scenario.stage,
        tuple(rows),
        scenario,
        None,
        scenario.new_tokens * scenario.batch,
        footprint,
        model.causal,
        _notes(model.notes, rows, device),
    )


def _generation(model: Transformer, device: Device, prompt: Scenario, tokens: int) -> Roofline:
    """A prefill, which ends in the first token, and a step of decode for each further one."""
    if not model.causal:
        raise UnsupportedError(
            f"model '{model.name}' is an encoder: it generates nothing; ask for prefill"
        )
    works, footprint = _works(model, prompt)
    rows = [row_of([(1, work, work)], device, "prefill") for work in works]
    if tokens > 1:
        spans = list(_spans(model, prompt.positions + 1, prompt.positions + tokens - 1))
        steps = [end - begin + 1 for begin, end in spans]
        ends = [
            [_works(model, replace(prompt, stage="decode", context=at)) for at in span]
            for span in spans
        ]
        for works_at in zip(*(works for pair in ends for works, _ in pair), strict=True):
            pairs = zip(steps, works_at[::2], works_at[1::2], strict=True)
            rows.append(row_of(list(pairs), device, "decode"))
        last = ends[-1][-1][1]
        # Of activations, the prefill may need more than any later step.
        most = max(footprint.activations, last.activations)
        footprint = replace(last, activations=most)
    return Roofline(
        model.name,
        device,
        "generate",
        tuple(rows),
        prompt,
        tokens,
        tokens * prompt.batch,
        footprint,
        model.causal,
        _notes(model.notes, rows, device),
    )


def _spans(model: Transformer, begin: int, end: int) -> Iterable[tuple[int, int]]:
    """Contexts from ``begin`` to ``end``, cut where a window is full: figures are linear between.

    Example:
        >>> tiny = Transformer("tiny", layers=1, hidden=8, heads=2, ffn=16, vocabulary=10,
        ...                    windows=((12, 1),))
        >>> list(_spans(tiny, 10, 20))
        [(10, 12), (13, 20)]
    """
    for window in sorted({window for window, _ in model.windows if window is not None}):
        if begin <= window < end:
            yield begin, window
            begin = window + 1
    yield begin, end


def workload_or_model(name: str) -> Transformer | Workload:
    """What a name stands for.

    Raises:
        InputError: where it is unknown, or every problem of the file.
    """
    if is_model(name):
        return load_model(name)
    if name in shipped(WORKLOADS) or looks_like_path(name):
        return load_workload(name)
    message = unknown_name("model", name[:100], [*shipped(MODELS), *shipped(WORKLOADS)])
    raise InputError(f"{message}; or the path of a config.json, its folder, or a .yaml file")


def _of_workload(
    workload: Workload,
    device: Device,
    given: Mapping[str, Any],
) -> Roofline:
    """Any other workload: every layer as it stands."""
    unset = {**vars(Scenario()), "stage": None, "tokens": None, "logits": None}
    changed = [name for name, value in given.items() if value != unset[name]]
    if changed:
        raise UnsupportedError(
            f"workload '{workload.name}' is no model: {', '.join(changed)} cannot be set; "
            "its file says sizes and formats"
        )
    works = [work for layer in workload.layers for work in works_of(layer)]
    rows = [row_of([(1, work, work)], device, "run") for work in works]
    notes = _notes((), rows, device)
    return Roofline(workload.name, device, "run", tuple(rows), None, None, None, None, notes=notes)


def _notes(notes: Sequence[str], rows: Sequence[Row], device: Device) -> tuple[str, ...]:
    """What a reader should know: of the model's file, and of figures that the device lacks."""
    found = list(notes)
    loads = [load for row in rows for s in row.segments for load in (s.first, s.last)]
    found += [
        f"{device.name} has no {name}: computed as another type of 16 bits"
        for name in sorted({name for load in loads for name in load.stands_in})
    ]
    unknown = sorted({name for load in loads for name in load.unknown})
    if unknown:
        found.append(
            f"{device.name}: no peak is known for {', '.join(unknown)}; products of it take the "
            "time of their bytes"
        )
    if device.vector_operations_per_s is None:
        found.append(
            f"{device.name}: the rate of elementwise operations is unknown; they take the time of "
            "their bytes"
        )
    return tuple(found)
