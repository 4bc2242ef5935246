"""A result as it stands in a file (``simulate --json``), checked before it is used."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from accelsim.errors import InputError
from accelsim.json_reader import parse_json

__all__ = ["BlockEntry", "EinsumEntry", "LayerEntry", "ResultFile", "load_result"]

_MAX_BYTES = 64 * 2**20
# In memory an empty list is thirty times as long as in the file.
_MAX_VALUES = 2_000_000
_MAX_PROBLEMS = 100
_MAX_WRONG_ENTRIES = 1000
_AGAIN = "write it anew with accelsim simulate --json"

# Text is printed: no control characters. Figures are far beyond any machine, and products of two
# of them stay within floating point.
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Figure = Annotated[float, Field(ge=0, le=1e150)]
Whole = Annotated[int, Field(ge=0, le=10**150)]
Figures = Annotated[dict[Text, Figure], Field(max_length=10_000)]


class _EnoughError(Exception):
    """So many entries are wrong that the messages of all would fill the memory."""


class _Entry(BaseModel):
    """Keys may be added within a schema version, so that unknown ones are let through."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _counted(
        cls, data: object, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        try:
            return handler(data)
        except ValidationError:
            if info.context is not None:
                info.context["left"] -= 1
                if info.context["left"] < 0:
                    raise _EnoughError from None
            raise


class EinsumEntry(_Entry):
    """One Einsum, for all repeats of its layer."""

    name: Text
    """Name of the Einsum, in a network ``layer.einsum``."""
    unit: Text
    """The array that it runs on."""
    cycles: Whole
    """Cycles in which it keeps its array busy; Einsums of a block overlap."""
    energy_pj: Figure | None
    """Its energy in pJ; null where a figure is missing."""
    operations: Whole
    """Actions of functional units."""
    bound: Text
    """``compute`` or ``memory``: what would take longest if it ran alone."""
    limiting: Text
    """The component that would."""
    dram_bytes: Figure
    """Bytes read and written in the outermost memory."""


class BlockEntry(_Entry):
    """One block, for one run of its layer."""

    name: Text
    """Name of the block, in a network ``layer.block``."""
    cycles: Figure
    """Cycles that the block takes, not rounded."""
    limiting: Text
    """The entry of ``busy_cycles`` that is longest."""
    busy_cycles: Figures
    """Array, link or memory with a bandwidth -> cycles; ``epochs``: the sum over the epochs."""
    spilled: Figures
    """Memory -> part (0 to 1) of its tiles that goes to the memory above."""
    halo: Text = "whole"
    """How tiles of windows were fetched: ``whole``, or what is new in them (``overlap``)."""
    rounds: dict[Text, int] = {}
    """Memory -> how often it is sent what it keeps, where the block goes in rounds."""


class LayerEntry(_Entry):
    """One layer, for all its repeats."""

    name: Text
    """Name of the layer; empty for a single cascade."""
    cascade: Text
    """The cascade that ran, after the mapper's rewrites."""
    mapper: Text
    """The mapper that mapped it, after fallbacks."""
    repeat: Whole
    """How often the layer runs."""
    cycles: Figure
    """Cycles of all repeats, not rounded."""
    energy_pj: Figure | None
    """Energy in pJ; null where a figure is missing."""
    dram_bytes: Figure
    """Bytes read and written in the outermost memory."""
    elementary_operations: Whole | None = None
    """Multiplications, additions, functions and comparisons that were asked for, each one."""
    compulsory_bytes: Figure | None = None
    """Inputs and outputs that were asked for, once each run."""
    utilization: Figures
    """Array -> busy PE-cycles over PEs times the layer's cycles, 0 to 1."""
    tiles: Annotated[dict[Text, Whole], Field(max_length=10_000)]
    """Name -> tile size, as the mapper's case chose it."""
    search: Annotated[dict[Text, Text], Field(max_length=10_000)] = {}
    """Einsum -> the method that found its mapping; those of a mapper's cases are left out."""
    blocks: list[BlockEntry]
    """Blocks in the order in which they run."""


class ChainEntry(_Entry):
    """Part of the critical chain."""

    component: Text
    """What took the time."""
    what: Text
    """The Einsum that it computed or the tensor that it moved; ``latency``: a way."""
    cycles: Figure
    """How long, over all layers and repeats."""


class TimingEntry(_Entry):
    """How the time was spent, over all layers and repeats. Fidelity ``event`` only."""

    analytic_cycles: Whole
    """Cycles by the analytic model: what would remain without any stall."""
    stalls: Annotated[dict[Text, Figures], Field(max_length=1000)]
    """Component -> ``busy``, ``input``, ``space``, ``resource``, ``barrier``, ``idle`` -> cycles;
    the states of a component sum to all cycles, not rounded."""
    critical_chain: list[ChainEntry]
    """What the time went by, longest first; sums to all cycles, not rounded."""
    copies: Annotated[dict[Text, dict[Text, Whole]], Field(max_length=1000)]
    """Memory -> tensors that share a space -> tiles that it holds at a time, at most."""
    events: Whole
    """Events that were played; what repeats is played once."""
    latency_unknown: list[Text]
    """Memories whose latency is not known and was taken as 0."""


class FpgaEntry(_Entry):
    """What the machine takes of an FPGA."""

    part: Text
    """The device, with its speed grade."""
    resources: Annotated[dict[Text, Whole], Field(max_length=1000)]
    """Kind, such as ``LUT4`` -> how many."""
    available: Annotated[dict[Text, Whole], Field(max_length=1000)]
    """Kind -> how many the device has."""
    fits: bool
    """Whether it has enough of all whose number is known."""


class ResultFile(_Entry):
    """A workload on an architecture, mapped: what ``accelsim simulate --json`` writes."""

    schema_version: Literal[1]
    """Version of this form."""
    version: Text
    """Version of accelsim."""
    workload: Text
    """Name or path, as given."""
    architecture: Text
    """Name or path, as given."""
    mapper: Text
    """The mapper that was asked for."""
    objective: Text
    """What a search minimised: ``latency``, ``energy`` or ``edp``."""
    fidelity: Text
    """How it was simulated: ``analytic`` or ``event``."""
    cycles: Whole
    """Cycles of all layers and repeats, rounded up to a whole number."""
    seconds: Figure
    """Cycles over the clock, in s."""
    energy_pj: Figure | None
    """Total energy in pJ; null where ``energy_missing`` is not empty."""
    energy_breakdown_pj: Annotated[dict[Text, Figures], Field(max_length=1000)]
    """Component -> action -> energy in pJ; what is not known is left out."""
    energy_missing: Annotated[list[Text], Field(max_length=10_000)]
    """Figures that the total needs, as in ``--arch``: ``buffer.energy_pj``."""
    area_um2: Figure | None
    """Area in um^2 of all but the outermost memory; null where ``area_missing`` is not empty."""
    area_missing: list[Text]
    """Figures that the area needs: ``buffer.area_um2``."""
    utilization: Figures
    """Array -> busy PE-cycles over PEs times cycles, 0 to 1."""
    traffic_bytes: Figures
    """Memory -> bytes read and written, all instances together."""
    occupancy_bytes: Figures
    """Memory -> most bytes that are kept in it at a time; only memories that keep tiles."""
    operations: Whole
    """Actions of functional units."""
    elementary_operations: Whole | None = None
    """Multiplications, additions, functions and comparisons that were asked for, each one."""
    compulsory_bytes: Figure | None = None
    """Inputs and outputs of all layers, once each run."""
    peak_operations_per_s: Figures
    """Array -> PEs times clock, in 1/s."""
    outermost_memory: Text
    """The memory that has no parent, usually ``DRAM``."""
    clock_hz: Annotated[float, Field(gt=0, le=1e150)]
    """Clock of the machine, in Hz."""
    bandwidth_bytes_per_s: Figures
    """Memory -> bytes/s, reads and writes together; memories without a limit are missing."""
    einsums: list[EinsumEntry]
    """Every Einsum of every layer."""
    layers: list[LayerEntry]
    """Layers in the order in which they run."""
    sources: Annotated[dict[Text, Text], Field(max_length=100_000)]
    """Figure -> where it is from."""
    timing: TimingEntry | None = None
    """How the time was spent; there for fidelity ``event`` only."""
    fpga: FpgaEntry | None = None
    """What the machine takes of an FPGA; there where its architecture says so."""


def load_result(path: str | Path) -> ResultFile:
    """Read a file that ``accelsim simulate --json`` wrote.

    Args:
        path: the file, at most 64 MiB.

    Raises:
        InputError: where it cannot be read, is not JSON (NaN, infinities and repeated keys are
            not), or is not a result; every wrong field at once, each with its path.
    """
    shown = str(path)
    text = _read(shown)
    # Every value but the first of its list or object has a comma in front.
    if text.count(",") > _MAX_VALUES:
        raise InputError(f"{shown}: holds more than {_MAX_VALUES:,} values; {_AGAIN}")
    data = parse_json(text, name=shown, advice=_AGAIN)
    if not isinstance(data, dict):
        raise InputError(f"{shown}: result is {_kind(data)}, must be an object; {_AGAIN}")
    version = data.get("schema_version", 1)
    if type(version) is not int or version != 1:
        raise InputError(f"{shown}: schema_version is {_shown(version)}, must be 1; {_AGAIN}")
    try:
        return ResultFile.model_validate(data, context={"left": _MAX_WRONG_ENTRIES})
    except _EnoughError:
        raise InputError(
            f"{shown}: more than {_MAX_WRONG_ENTRIES:,} entries of layers, blocks and einsums are "
            f"wrong; {_AGAIN}"
        ) from None
    except ValidationError as error:
        raise InputError(_problems(error, shown)) from None


def _read(shown: str) -> str:
    try:
        status = os.stat(shown)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
            raise InputError(f"{shown}: is {kind}; give a file that accelsim simulate --json wrote")
        with open(shown, "rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{shown}: cannot be read: {reason}") from None
    if len(content) > _MAX_BYTES:
        size = max(status.st_size, len(content))
        raise InputError(f"{shown}: holds {size} bytes, must be at most 64 MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{shown}: is not UTF-8 text (byte {error.start}); {_AGAIN}") from None


_RULES = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be above 0",
    "greater_than_equal": "must be at least 0",
    "less_than_equal": "must be at most 1e150",
    "string_type": "must be text",
    "string_pattern_mismatch": "must be text without control characters",
    "string_unicode": "must be text in Unicode",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "list_type": "must be a list",
}


def _problems(error: ValidationError, shown: str) -> list[str]:
    """One line a wrong field; the missing keys of an object share a line."""
    missing: dict[str, list[str]] = {}
    wrong = []
    for item in error.errors():
        if item["type"] == "missing":
            *inside, last = item["loc"]
            missing.setdefault(_path(inside), []).append(str(last))
            continue
        rule = _RULES.get(item["type"]) or item["msg"].replace("Input should be", "must be")
        place = _path(item["loc"]) or "a key"  # The only thing without a place.
        if item["loc"] and item["loc"][-1] == "[key]":
            place = f"{_path(item['loc'][:-2])}: a key"
        wrong.append(f"{shown}: {place} is {_shown(item['input'])}, {rule}; {_AGAIN}")
    lines = []
    for place, keys in missing.items():
        at = f"{place}: " if place else "result: "
        these = f"key '{keys[0]}' is" if len(keys) == 1 else f"keys {', '.join(keys)} are"
        lines.append(f"{shown}: {at}{these} missing; {_AGAIN}")
    lines += wrong
    more = len(lines) - _MAX_PROBLEMS
    return [*lines[:_MAX_PROBLEMS], f"{shown}: {more} more problems"] if more > 0 else lines


def _path(loc: Sequence[str | int]) -> str:
    """``layers[0].blocks[1].cycles``; keys that are no plain words in quotes."""
    text = ""
    for step in loc:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            word = step if re.fullmatch(r"[\w\- /\[\]]*", step) else json.dumps(step)
            text += f".{word}" if text else word
    return text


def _kind(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return _shown(value)


def _shown(value: object) -> str:
    """A value as JSON writes it, in ASCII; large ones in words."""
    if isinstance(value, dict | list):
        return _kind(value)
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
